"""What differs between two environments, and how much each difference can change numbers."""
