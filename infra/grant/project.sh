# shellcheck shell=bash
# Which release this is and where it comes from: pyproject.toml says both. Sourced.

# project KEY: the first line KEY = "…" of pyproject.toml.
project() { sed -n "/^$1 = \"/{s/^[^\"]*\"\(.*\)\"\$/\1/p;q;}" "$infra/../pyproject.toml"; }

# fetched SCRIPT: the words before a script's options, for somebody on another computer: fetch this release, run the script.
fetched() {
    printf 'curl -fsSL %s/archive/refs/tags/v%s.tar.gz | tar xz && bash %s-%s/infra/%s' \
        "$(project Repository)" "$(project version)" "$(project name)" "$(project version)" "$1"
}
