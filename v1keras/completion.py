"""Print a script that completes commands, flags and names in bash and zsh.

    v1keras completion > ~/.local/share/bash-completion/completions/v1keras

That folder is bash's own. For zsh, write the script to a FILE and add to ~/.zshrc:

    autoload -U +X bashcompinit && bashcompinit && source FILE
"""

import re
import subprocess
import sys

from v1keras import cli, config, zoo
from v1keras.commands import COMMANDS
from v1keras.io.terminal import say

_SCRIPT = """\
# Completion of `v1keras`, written by `v1keras completion`.
_v1keras() {
    local word="${COMP_WORDS[COMP_CWORD]}" flag= words=
    # The shell takes --flag=value apart at the sign.
    if [[ $word == = ]]; then
        word= flag="${COMP_WORDS[COMP_CWORD-1]}"
    elif [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then
        flag="${COMP_WORDS[COMP_CWORD-2]}"
    fi
    case "$flag:${COMP_WORDS[1]}" in
        --config:*) words="%(configurations)s" ;;
        --model:*|--against:*|--judges:*|--init_from:*) words="%(presets)s" ;;
        --*) ;;
%(commands)s
    esac
    [[ $COMP_CWORD == 1 ]] && words="%(names)s --version --help"
    COMPREPLY=($(compgen -W "$words" -- "$word"))
    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o bashdefault -o default -F _v1keras v1keras
"""


def main(_):
    lines = []
    for command in COMMANDS:
        words = " ".join(_words(command))
        lines.append(f'        :{command}) words="{words}" ;;')
    texts = {
        "configurations": " ".join(config.names()),
        "presets": " ".join(zoo.names()),
        "commands": "\n".join(lines),
        "names": " ".join(COMMANDS),
    }
    say(_SCRIPT % texts)


def _words(command):
    """Return what may follow a command, as its help has it."""
    line = [sys.executable, "-m", "v1keras", command, "--help"]
    text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    subcommands = dict.fromkeys(re.findall(rf"v1keras {command} (\w+)", text))
    words = [*subcommands, "--help"]
    for negation, flag in re.findall(r"^  --(\[no\])?(\w+):", text, re.MULTILINE):
        words.append(f"--{flag}" if negation else f"--{flag}=")
    if "--config=" in words:
        for key, value in config.default().items():
            names = [f".{name}" for name in value] if hasattr(value, "keys") else [""]
            words += [f"--config.{key}{name}=" for name in names]
    return words


def run():
    cli.run(main)


if __name__ == "__main__":
    run()
