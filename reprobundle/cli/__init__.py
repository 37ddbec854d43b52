"""The command line: each verb parses, calls one function of the library and renders what it returns.

A verb is loaded when it is called; until then only its line in `VERBS` is known, so that help costs no more than click.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

from reprobundle.errors import RefusedInputError, ReproBundleError, UnavailableError, UsageError
from reprobundle.signals import ended_politely

INTERRUPTED = 128 + signal.SIGINT
BROKEN_PIPE = 128 + 13  # what a shell reports for a program that SIGPIPE ended


@dataclass(frozen=True)
class Verb:
    """One word of the command line.

    Attributes:
        name: The word.
        home: Module and name of its click command.
        help: What it does, in the words of its own help.
    """

    name: str
    home: str
    help: str


VERBS = (
    Verb("init", "init:init", "Write a starting reprobundle.yaml and card, from what a project's files tell."),
    Verb("capture", "capture:capture", "Capture a trained model into a bundle, without touching the training code."),
    Verb("show", "show:show", "Show what is inside a bundle; nothing of it is run."),
    Verb("verify", "verify:verify", "Check that a bundle is whole and unchanged; nothing of it is run."),
    Verb("replay", "replay:replay", "Rebuild the environment, run the model again and compare its outputs."),
    Verb("lock", "lock:lock", "Complete the lock of a bundle that was captured without a package index."),
    Verb("calibrate", "calibrate:calibrate", "Measure how far honest runs of a bundle's model lie apart."),
    Verb("document", "document:document", "Put a card that was mended after the capture into a bundle."),
    Verb("doctor", "doctor:doctor", "Say what of a bundle can be replayed here, before any time is spent."),
    Verb("compare", "compare:compare", "Say what differs between two bundles, kind by kind."),
    Verb("drift", "drift:drift", "Say whether new data is like a captured split, feature by feature."),
    Verb("lint", "lint:lint", "Say what a model's documentation leaves out or contradicts, with file and line."),
    Verb("sign", "sign:sign", "Sign a bundle, so that others can see that it comes from you."),
    Verb("pack", "pack:pack", "Write a bundle into one file, the same bytes every time."),
    Verb("unpack", "unpack:unpack", "Read an archive that pack wrote, and verify what is in it."),
    Verb("publish", "publish:publish", "Publish a bundle where others find it; verified on both ends."),
    Verb("pull", "pull:pull", "Bring a published bundle into a new folder; nothing of it is run."),
    Verb("export", "export:export", "Write a view of a bundle that other people's programs read."),
    Verb("demo", "demo:demo", "Do the whole job on real data: train, capture, verify, replay."),
)


class LazyGroup(click.Group):
    """A group that knows its verbs by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, in the order a person needs them."""
        del ctx
        return [verb.name for verb in VERBS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one verb; None when there is no such verb."""
        del ctx
        return next((_load(verb) for verb in VERBS if verb.name == cmd_name), None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs' help without loading them."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(verb.name, verb.help) for verb in VERBS])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words after the program's name; without any the help is shown, and the exit code is 2."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(UsageError.exit_code)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb.

        Raises:
            UsageError: There is none of this name; the hint names the nearest.
        """
        known = self.list_commands(ctx)
        if args and not args[0].startswith("-") and args[0] not in known:
            raise UsageError(f"there is no verb {args[0]!r}", hint=_nearest(args[0], known))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; a reader that went away ends it quietly."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _drop_output()
            raise click.exceptions.Exit(BROKEN_PIPE) from None


def _load(verb: Verb) -> click.Command:
    from importlib import import_module

    module, _, name = verb.home.partition(":")
    command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
    return command


def _nearest(word: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"the verbs are {', '.join(known)}"


def _drop_output() -> None:
    """Let what is still buffered go nowhere, so that the interpreter does not complain about it at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:  # noqa: FBT001  click's own form
    if wanted and not ctx.resilient_parsing:
        import reprobundle

        click.echo(f"reprobundle {reprobundle.__version__}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    subcommand_metavar="VERB [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
def cli() -> None:
    """Is this model reproduced, and how exactly?

    One call at the end of training makes a bundle; one command for the reviewer rebuilds its environment, runs the
    model again and compares.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: The words after the program's name; None takes those of this process.

    Returns:
        The exit code: 0 done or reproduced, 1 differs, 2 wrong usage or refused input, 3 could not be done, 130 where
        a person interrupted it.
    """
    from reprobundle.cli.screen import complain, complain_of_many, tolerate_any_text

    tolerate_any_text()
    with ended_politely():
        try:
            code = cli.main(arguments, prog_name="reprobundle", standalone_mode=False)
        except ReproBundleError as error:
            if isinstance(error, RefusedInputError) and error.findings:
                complain_of_many(error)
            else:
                complain(str(error), hint=error.hint)
            return error.exit_code
        except click.ClickException as error:
            complain(" ".join(error.format_message().split()), hint=_help_of(error))
            return error.exit_code
        except click.Abort as error:  # a person pressed Ctrl-C, or ended the input where a question stood
            complain("interrupted", hint=getattr(error, "hint", None))
            return INTERRUPTED
        except (OSError, MemoryError, RecursionError) as error:  # the machine's limits, not a fault of this program
            complain(_in_words(error), hint=None)
            return UnavailableError.exit_code
    return int(code or 0)


def _help_of(error: click.ClickException) -> str | None:
    context = getattr(error, "ctx", None)
    return f"{context.command_path} --help" if context is not None else None


def _in_words(error: OSError | MemoryError | RecursionError) -> str:
    if isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        return reason if error.filename is None else f"{os.fsdecode(error.filename)}: {reason}"
    what = "there is not enough memory" if isinstance(error, MemoryError) else "what was given is nested too deeply"
    return f"{what}: {error}" if str(error) else what
