"""The reviewer's own pip configuration, read once and passed on."""

from __future__ import annotations

from reprobundle.components.environment.installers import Configuration, parse_configuration, read_configuration

TEXT = """\
:env:.find-links='/own'
global.cert='/ca.pem'
global.extra-index-url='file:///one file:///two'
global.find-links='/global'
global.index-url='https://user:secret@host/simple'
install.no_index='true'
freeze.timeout='10'
"""


def test_a_variable_wins_over_the_files() -> None:
    """The order is pip's own: variable, section of the command, global."""
    assert parse_configuration(TEXT) == Configuration(
        index_url="https://user:secret@host/simple",
        extra_index_urls=("file:///one", "file:///two"),
        find_links=("/own",),
        no_index=True,
        certificate="/ca.pem",
    )


def test_no_password_reaches_a_command_line() -> None:
    """Addresses of indexes go to uv by its environment, which other users cannot list."""
    configuration = parse_configuration(TEXT)

    assert not any("secret" in option for option in configuration.uv_options)
    assert configuration.uv_variables["UV_INDEX_URL"] == "https://user:secret@host/simple"


def test_lines_of_another_form_are_passed_over() -> None:
    """A greeting or a broken line changes nothing."""
    assert parse_configuration("hello\nglobal.index-url=unquoted\n") == Configuration(index_url="unquoted")


def test_the_real_pip_answers() -> None:
    """The configuration of this machine can be read."""
    assert isinstance(read_configuration(), Configuration)
