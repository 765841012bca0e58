# shellcheck shell=bash
# Words for people, German or English by the locale, and the ways in which a script ends. Sourced; $infra is its folder.

# Exit codes: 1 something failed or was declined, 2 wrong usage, 3 a right of the caller is missing, 4 the wrong tenant.
FAILED=1 USAGE=2

case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
de*) language=de ;;
*) language=en ;;
esac
# shellcheck source=messages/en.sh
source "$infra/messages/$language.sh"

# shellcheck source=grant/text.sh
source "$infra/grant/text.sh"

# Kept until the end: what az says of a failure. Git Bash must not turn /subscriptions/… into a Windows path.
export MSYS_NO_PATHCONV=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

me=$(quoted_words "$0") me=${me# } # this script, as it can be pasted into bash

# say KEY [VALUE…]: the text, with its values. Whoever wrote a value: no more than its letters reaches the terminal.
say() {
    local text="T_$1" value values=()
    shift
    for value; do values+=("$(shown "$value" 1000)"); done
    # shellcheck disable=SC2059 # the texts are formats; a test holds their placeholders equal in both languages
    printf -- "${!text}\n" ${values[@]+"${values[@]}"}
}

# fail CODE KEY [VALUE…]: say it on standard error and end.
fail() {
    local code=$1
    shift
    say "$@" >&2
    exit "$code"
}

# confirm KEY [VALUE…]: ends the script unless the answer is yes. --yes answers it.
confirm() {
    local answer=''
    [[ -z ${assume_yes:-} ]] || return 0
    say "$@"
    printf '> '
    read -r answer || fail "$FAILED" no_answer
    case $answer in
    y | Y | yes | Yes | j | J | ja | Ja) ;;
    *) fail "$FAILED" declined ;;
    esac
}

# The time in UTC as the app's settings and the records have it.
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

# native PATH: as az wants it, which is a Windows program under Git Bash.
native() { if command -v cygpath >/dev/null; then cygpath -m "$1"; else echo "$1"; fi; }

# need OPTION VALUE PATTERN: ends the script unless the value has that form, and nothing in it that cannot be seen.
need() {
    if [[ ! $2 =~ $3 ]] || ! visible "$2"; then fail "$USAGE" bad_value "$1" "$2"; fi
}
