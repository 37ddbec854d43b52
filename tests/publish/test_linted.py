"""What is published is looked at first."""

from __future__ import annotations

import pytest
from hub_server import TOKEN
from lint_cards import bundle, card

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.publish.hub import publish

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")  # the library's own call
NAME = "ada/tiny"


def test_errors_refuse(server, tmp_path):
    """A bundle with errors is refused before anything is asked of the Hub; the rule let go by name, it is published."""
    place = verify(bundle(tmp_path / "b", card(license="Apache2", contact="you@example.com")))
    options = {"endpoint": server.endpoint, "token": TOKEN}
    with pytest.raises(RefusedInputError) as caught:
        publish(place, NAME, allow_lint=["placeholder"], **options)

    assert str(caught.value) == (
        "1 error in the documentation of tiny: the bundle's documentation/card.yaml:9: "
        "license: 'Apache2' is no licence expression of SPDX (licence-invalid)"
    )
    assert caught.value.hint == "reprobundle lint BUNDLE tells all; --allow-lint RULE lets one go: licence-invalid"
    assert server.repositories == {}

    assert publish(place, NAME, allow_lint=["placeholder", "licence-invalid"], **options).changed


def test_a_rule_that_is_not_there(server, tmp_path):
    """A misspelt rule is a usage error that names the nearest."""
    place = verify(bundle(tmp_path / "b"))
    with pytest.raises(UsageError) as caught:
        publish(place, NAME, allow_lint=["license-data"], endpoint=server.endpoint, token=TOKEN)

    assert str(caught.value) == "there is no rule 'license-data' of lint"
    assert caught.value.hint == "did you mean 'licence-data'?"


def test_the_command_refuses(tmp_path, capsys):
    """The command ends with 2 and names file and line, without a network."""
    code = cli.main(["publish", "hub", str(bundle(tmp_path / "b", card(contact="you@example.com"))), NAME])

    assert code == 2
    assert "documentation/card.yaml:11: contact: 'you@example.com' is a placeholder (placeholder)" in " ".join(
        capsys.readouterr().err.split()
    )
