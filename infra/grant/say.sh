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

# Kept until the end: what az says of a failure. Git Bash must not turn /subscriptions/… into a Windows path.
export MSYS_NO_PATHCONV=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# say KEY [VALUE…]: the text, with its values.
say() {
    local text="T_$1"
    shift
    # shellcheck disable=SC2059 # the texts are formats; a test holds their placeholders equal in both languages
    printf -- "${!text}\n" "$@"
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

# quoted_words WORD…: the words as they can be pasted into a shell.
quoted_words() { printf ' %q' "$@"; }

# native PATH: as az wants it, which is a Windows program under Git Bash.
native() { if command -v cygpath >/dev/null; then cygpath -m "$1"; else echo "$1"; fi; }

# need OPTION VALUE PATTERN: the option's value, or the end of the script.
need() {
    [[ $2 =~ $3 ]] || fail "$USAGE" bad_value "$1" "$2"
}
