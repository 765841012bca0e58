# shellcheck shell=bash
# The dated record: who granted what, before and after. --revoke reads it to take back exactly that. Sourced.
#
# One fact a line, its parts separated by tabs; a part in which a tab or a line break were would be shown by its number. "intent" is written before a request and "granted" after its answer, so that
# an answer that got lost is not taken for somebody else's grant.

# open_record WHAT: a new file for this run, named by the time.
open_record() {
    local stamp number
    stamp=$(now)
    mkdir -p "$folder"
    for number in 01 02 03 04 05 06 07 08 09 10 11 12; do
        record_file="$folder/${stamp//:/}-$number-record.txt"
        [[ ! -e $record_file ]] && break
    done
    { say record_head; printf 'time\t%s\nwho\t%s\ntenant\t%s\nidentity\t%s\naction\t%s\n' \
        "$stamp" "$caller" "$tenant" "$identity" "$1"; } >"$record_file"
}

# note KEY VALUE…: one fact.
note() {
    local IFS=$'\t' part parts=()
    for part; do parts+=("$(shown "$part" 1000)"); done
    printf '%s\n' "${parts[*]}" >>"$record_file"
}

# past_facts: every fact of the records of this identity, oldest first. What reads it must read to the end: under pipefail
# a reader that stops early (grep -q, awk's exit) makes a failure of it.
past_facts() {
    local file
    for file in "$folder"/*-record.txt; do
        if [[ -e $file ]] && grep -qixF "identity"$'\t'"$identity" "$file"; then cat "$file"; fi
    done
}

# ours ASSIGNMENT ROLE TARGET: did a run of this script grant it? By the assignment's id, or by an intent without an answer.
ours() {
    past_facts | awk -F '\t' -v id="$1" -v role="$2" -v target="$3" '
        $1 == "granted" && $5 == id { found = 1 }
        ($1 == "intent" || $1 == "granted" || $1 == "revoked") && $2 == role && $4 == target { last = $1 }
        END { exit !(found || last == "intent") }'
}

# any_past_grant: is there a record of a grant to this identity in this folder?
any_past_grant() { past_facts | grep -E '^(intent|granted)'$'\t' >/dev/null; }
