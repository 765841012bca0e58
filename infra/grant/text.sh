# shellcheck shell=bash
# What others have written (names in the directory above all): how az hands it over, how it is shown, how it is quoted. Sourced.
#
# A name may hold line breaks, tabs, escape sequences, marks that turn the writing round, characters without a width. So a
# query puts every text into to_string([…]), which az prints as JSON in ASCII, on one line and without a tab (jmespath,
# functions.py): nothing in it is taken for a line or a cell, and az leaves nothing out where the terminal is not UTF-8
# (knack, output.py). Such a text is called packed here. Cells outside of it are what a service makes: ids, times, kinds.

ID='[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}' GUID="^$ID\$"
# shellcheck disable=SC2034 # for those who source this: the id of an assignment, and a connection's name
ASSIGNMENT='[A-Za-z0-9_-]+' CONNECTION='^[a-z0-9]+(-[a-z0-9]+)*$' PREFIX=utm-mail-connect-
# shellcheck disable=SC2034 # for those who source this: an object id, or a user principal name
PERSON="^($ID|[^[:cntrl:]/?%'\"\\ ]+@[A-Za-z0-9.-]+)$"

# Written out, since in some languages a range holds more than it names.
LETTERS=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789

# shown TEXT [LENGTH]: one line to look at, at most so many characters long. What cannot be seen, or moves what can, stands
# there by its number.
shown() {
    if [[ $1 != *[!"$LETTERS .,:;/_()=+-"]* && ${#1} -le ${2:-200} ]]; then
        printf '%s' "$1"
    else
        characters "$1" "${2:-200}" 0 0
    fi
}

# unpacked PACKED [LENGTH]: the same for a packed text; a dash where there is none.
unpacked() {
    if [[ $1 == '["'*'"]' ]]; then characters "$1" "${2:-100}" 1 0; else printf '–'; fi
}

# exact PACKED: the text as it is, for a comparison or a command. Not 0 where there is none, or where it could not be shown so.
exact() { [[ $1 == '["'*'"]' ]] && characters "$1" 100000 1 1; }

# visible TEXT: can all of it be seen?
visible() { [[ $1 != *[!"$LETTERS .,:;/_()=+-"]* ]] || characters "$1" 100000 0 1 >/dev/null; }

# characters TEXT LENGTH PACKED STRICT: byte by byte, so that neither the language of the terminal nor the make of awk matters.
characters() {
    printf '%s' "$1" | od -An -v -tu1 | LC_ALL=C awk -v limit="$2" -v packed="$3" -v strict="$4" "$CHARACTERS"
}

# Escaped are, by Unicode's own categories: controls, formats (bidirectional, zero-width, tags), line and paragraph separators,
# private use, surrogates and what is no character; and the fillers and selectors that are blank.
# shellcheck disable=SC2016 # awk's own dollars
CHARACTERS='
BEGIN {
    count = split("0 1f 7f 9f ad ad 34f 34f 600 605 61c 61c 6dd 6dd 70f 70f 890 891 8e2 8e2 115f 1160 17b4 17b5 180b 180f " \
        "200b 200f 2028 202e 2060 206f 2800 2800 3164 3164 d800 f8ff fdd0 fdef fe00 fe0f feff feff ffa0 ffa0 fff0 fffb " \
        "fffe ffff 110bd 110bd 110cd 110cd 13430 1345f 1bca0 1bca3 1d173 1d17a 1fffe 1ffff 2fffe 2ffff 3fffe 10ffff", word, " ")
    for (i = 1; i <= count; i++) edge[i] = hexadecimal(word[i])
}
{ for (i = 1; i <= NF; i++) byte[size++] = $i }
END {
    if (packed) { at = 2; size -= 2 }
    for (length_ = 0; at < size; length_++) {
        if (length_ == limit) { text = text "…"; break }
        start = at
        code = packed && byte[at] == 92 ? escaped() : character()
        if (code >= 0 && !hidden(code)) text = text utf8(code)
        else if (strict) exit 1
        else text = text sprintf(code < 0 ? "\\x{%x}" : "\\u{%x}", code < 0 ? -code : code)
    }
    printf "%s", text
}
function hexadecimal(digits,    i, number) {
    for (i = 1; i <= length(digits); i++) number = number * 16 + index("0123456789abcdef", substr(digits, i, 1)) - 1
    return number
}
function hidden(code,    i) {
    for (i = 1; i < count; i += 2) if (code >= edge[i] && code <= edge[i + 1]) return 1
    return 0
}
# character: the next one; the negative byte where there is no UTF-8.
function character(    first, more, code, i) {
    first = byte[at++]
    if (first < 128) return first
    more = first < 194 || first > 244 ? 0 : first < 224 ? 1 : first < 240 ? 2 : 3
    code = first % (more == 1 ? 32 : more == 2 ? 16 : 8)
    for (i = 0; i < more; i++) {
        if (at + i >= size || byte[at + i] < 128 || byte[at + i] > 191) return -first
        code = code * 64 + byte[at + i] - 128
    }
    if (!more || code < (more == 1 ? 128 : more == 2 ? 2048 : 65536) || code > 1114111) return -first
    at += more
    return code
}
# escaped: what JSON has after a backslash; two halves of a pair are one character.
function escaped(    sign, code, low) {
    sign = byte[at + 1]
    at += 2
    if (sign == 98) return 8
    if (sign == 102) return 12
    if (sign == 110) return 10
    if (sign == 114) return 13
    if (sign == 116) return 9
    if (sign != 117) return sign
    code = four(at)
    at += 4
    if (code >= 55296 && code <= 56319 && byte[at] == 92 && byte[at + 1] == 117) {
        low = four(at + 2)
        if (low >= 56320 && low <= 57343) { at += 6; return 65536 + (code - 55296) * 1024 + low - 56320 }
    }
    return code
}
function four(start,    i, digits) {
    for (i = 0; i < 4; i++) digits = digits sprintf("%c", byte[start + i])
    return hexadecimal(tolower(digits))
}
function utf8(code) {
    if (code < 128) return sprintf("%c", code)
    if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
    if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
    return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
}'

# take_id VARIABLE VALUE: puts a GUID into the variable, in lower case, as all of them are compared; ends the script over
# anything else.
take_id() {
    [[ $2 =~ $GUID ]] || fail "$FAILED" not_an_id "$2"
    printf -v "$1" %s "$(tr A-F a-f <<<"$2")"
}

# quoted_words WORD…: each after a space, as it can be pasted into bash.
quoted_words() {
    local word quote="'" apart="'\\''"
    for word; do
        if [[ -z $word || $word == *[!"${LETTERS}_./:@%+=,-"]* ]]; then word=$quote${word//$quote/"$apart"}$quote; fi
        printf ' %s' "$word"
    done
}

# powershell TEXT: one string in PowerShell, to which the typographic single quotes are quotes too; a quote is doubled.
powershell() {
    local text=$1 quote
    for quote in "'" '‘' '’' '‚' '‛'; do text=${text//$quote/$quote$quote}; done
    printf "'%s'" "$text"
}
