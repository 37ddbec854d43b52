"""Speed and memory of reprobundle beside the best program for each job, in one run: ``make bench``."""
