"""`fogstead configure`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from fogstead.cli import aws_files
from fogstead.cli.command import Command, Failed, color_option, data_dir_option, setting, url_option
from fogstead.cli.commands.env import usual_url

EXAMPLES = (
    ("fogstead configure", "Then: aws --profile fogstead sts get-caller-identity"),
    ("fogstead configure --print", "Only show what would be written"),
    ("fogstead configure --profile staging --url http://cloud.example:4566", "A second one, elsewhere"),
)
_REAL = frozenset({"role_arn", "source_profile", "credential_process", "sso_session", "sso_start_url"})


@click.command(cls=Command, examples=EXAMPLES)
@setting("--profile", env="FOGSTEAD_PROFILE", default="fogstead", help="The profile to write.")
@setting("--region", env="FOGSTEAD_REGION", default="us-east-1", help="Its Region.")
@click.option("--print", "only_print", is_flag=True, help="Print what would be written and change nothing.")
@click.option("--force", is_flag=True, help="Write even over a profile that holds credentials for something else.")
@data_dir_option
@url_option
@color_option
def command(profile: str, region: str, only_print: bool, force: bool, data_dir: Path, url: str | None) -> None:
    """Write an AWS profile for this cloud.

    It goes into the files that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name, else into ~/.aws. A dated copy
    of each changed file is kept beside it; other profiles and comments are left as they are; doing it again changes
    nothing.
    """
    if not profile or any(char in profile for char in "[]\"'\n") or profile != profile.strip():
        raise click.BadParameter("a profile's name has no brackets, quotes or line ends.", param_hint="'--profile'")
    named = aws_files.Profile(profile)
    config = {"endpoint_url": usual_url(data_dir, url), "region": region}
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    changes = [
        (aws_files.config_file(), named.config_section, config),
        (aws_files.credentials_file(), named.credentials_section, credentials),
    ]
    if only_print:
        for file, section, wanted in changes:
            click.echo(f"# {file}\n[{section}]")
            for name, value in wanted.items():
                click.echo(f"{name} = {value}")
        return
    try:
        if not force:
            _refuse_real(profile, changes)
        for file, section, wanted in changes:
            _change(file, section, wanted)
    except (OSError, UnicodeDecodeError) as error:
        raise Failed(f"The AWS files cannot be changed: {error}. Use --print and write them by hand.") from None
    click.echo(f"Try it: aws --profile {profile} sts get-caller-identity")


def _refuse_real(profile: str, changes: list[tuple[Path, str, dict[str, str]]]) -> None:
    """A profile that signs in somewhere else is not ours to change."""
    (config, section, _), (credentials, key_section, wanted) = changes
    held = aws_files.settings_of(aws_files.read_text(credentials), key_section)
    other = [name for name in wanted if held.get(name, wanted[name]) != wanted[name]]
    other += sorted(_REAL & aws_files.settings_of(aws_files.read_text(config), section).keys())
    if other:
        raise Failed(
            f"Profile {profile} already holds {', '.join(other)} for something else: "
            "choose another --profile, or add --force if it may go."
        )


def _change(file: Path, section: str, wanted: Mapping[str, str]) -> None:
    before = aws_files.read_text(file)
    after = aws_files.with_settings(before, section, wanted)
    if after == before:
        click.echo(f"{file}: already so.")
        return
    backup = aws_files.write_with_backup(file, after)
    click.echo(f"{file}: wrote [{section}]." + (f" The old one is {backup.name}." if backup is not None else ""))
