# shellcheck shell=bash
# Which release this is and where it comes from: pyproject.toml says both. Sourced.

# project KEY: the first line KEY = "…" of pyproject.toml.
project() { sed -n "/^$1 = \"/{s/^[^\"]*\"\(.*\)\"\$/\1/p;q;}" "$infra/../pyproject.toml"; }

# fetched SCRIPT: the words before a script's options, for somebody on another computer: fetch the scripts of this release,
# compare their checksum, run the one that is wanted. The same words stand in main.bicep. Beside the template, in a clone, no
# release is named, since there may be none: the next person takes a clone, too.
fetched() {
    local name version release
    if [[ -e $infra/main.bicep ]]; then
        printf 'bash infra/%s' "$1"
        return
    fi
    name=$(project name) version=$(project version)
    release=$(project Repository)/releases/download/v$version
    printf 'curl -fsSL -O %s/%s-scripts-%s.tar.gz -O %s/SHA256SUMS' "$release" "$name" "$version" "$release"
    printf ' && sha256sum --check --ignore-missing SHA256SUMS && tar xzf %s-scripts-%s.tar.gz && bash %s-%s/infra/%s' \
        "$name" "$version" "$name" "$version" "$1"
}
