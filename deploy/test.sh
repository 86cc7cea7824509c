#!/usr/bin/env bash
# Every check of the house, then every test. One command, under 20 minutes on two cores.
#
#   bash deploy/test.sh [arguments of pytest]      e.g. bash deploy/test.sh tests/unit -k sdt
#
# All steps run even when an early one fails; the summary names each, and the exit status is 0 only if all passed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

bash deploy/setup --dev || exit 1

export QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software PYTHONUTF8=1
unset PYTHONDONTWRITEBYTECODE # all rows and their children import the same modules
unset QT_PLUGIN_PATH QT_QPA_PLATFORM_PLUGIN_PATH QT_QPA_FONTDIR QML2_IMPORT_PATH QML_IMPORT_PATH

summary=()
failed=0

step() { # NAME COMMAND...
    local name=$1 start=$SECONDS status=0 verdict=ok
    shift
    printf '\n== %s\n' "$name"
    "$@" || status=$?
    if [ "$status" -ne 0 ]; then
        verdict="FAILED ($status)"
        failed=$((failed + 1))
    fi
    summary+=("$(printf '%-12s %-12s %4d s' "$name" "$verdict" $((SECONDS - start)))")
}

qmllint_all() {
    local files
    mapfile -t files < <(find ui/qml -name '*.qml' | sort)
    if [ ${#files[@]} -eq 0 ]; then
        echo "no QML file found under ui/qml"
        return 1
    fi
    .venv/bin/pyside6-qmllint --max-warnings 0 -I ui/qml "${files[@]}" && echo "${#files[@]} files clean"
}

logs=$(mktemp -d)
declare -A running=() begun=() kindness=() # process of a row, when it began, by how much it stands behind the others
end_all() {
    local row
    for row in "${!running[@]}"; do kill "${running[$row]}" 2>/dev/null; done
    rm -rf "$logs"
}
trap end_all EXIT

# The tests walk in rows. Most wait for windows, printers, children and deadlines: six of those side by side. Three that
# only compute go beside them, and behind them: they take the time that the others leave.
side=6 side_computing=3
longest=1500 # seconds: a row that stands still is ended, with what it has begun
# Coverage is counted where it tells most: the visit, the counter and the journal by their unit tests. It costs a third of
# the time, and between many threads the tracer itself fails now and then.
begin() { # ROW
    local row=$1 runner=(-m pytest) words=("${given[@]}")
    case $row in heart | tests) runner=(-m coverage run --parallel-mode -m pytest) ;; esac
    if [ "$row" != tests ]; then read -ra words <<<"${folders[$row]//$'\n'/ }"; fi
    timeout --kill-after=10 "$longest" nice -n "${kindness[$row]:-0}" \
        .venv/bin/python "${runner[@]}" -o cache_dir="$logs/$row.cache" "${words[@]}" >"$logs/$row" 2>&1 &
    running[$row]=$!
    begun[$row]=$SECONDS
}
await() { # until one row ends: tell it, and begin the next
    local row pid status=0 verdict=ok
    wait -n -p pid "${running[@]}" || status=$?
    for row in "${!running[@]}"; do
        if [ "${running[$row]}" = "$pid" ]; then break; fi
    done
    unset "running[$row]"
    if [ -n "${kindness[$row]:-}" ] && [ "${#waiting_computing[@]}" -gt 0 ]; then
        begin "${waiting_computing[0]}"
        waiting_computing=("${waiting_computing[@]:1}")
    elif [ -z "${kindness[$row]:-}" ] && [ "${#waiting[@]}" -gt 0 ]; then
        begin "${waiting[0]}"
        waiting=("${waiting[@]:1}")
    fi
    printf '\n== %s\n' "$row"
    cat "$logs/$row"
    if [ "$status" -ne 0 ]; then verdict="FAILED ($status)"; fi
    if [ "$status" -eq 1 ]; then
        failing+=("$row") # some tests; whether it counts is said by those that are asked again
    elif [ "$status" -ne 0 ]; then
        failed=$((failed + 1))
    fi
    summary+=("$(printf '%-12s %-12s %4d s' "$row" "$verdict" $((SECONDS - begun[$row])))")
}
failing=() # rows that ran to their end and in which tests failed

# What failed beside the other rows is asked once more, alone, where it is few (CONTRIBUTING.md, decision 36): what
# passes then is named in the summary and is no failure, what fails again is one.
alone() {
    local row tests few=4 status=0
    for row in "${failing[@]}"; do
        mapfile -t tests < <(.venv/bin/python -c 'import json, sys; print(*json.load(open(sys.argv[1])), sep="\n")' \
            "$logs/$row.cache/v/cache/lastfailed" 2>/dev/null)
        if [ -z "${tests[*]}" ] || [ "${#tests[@]}" -gt "$few" ]; then # none named: it was ended from outside
            echo "$row: ${#tests[@]} tests are named as failed: no busy machine is the reason"
            status=1
        elif .venv/bin/python -m pytest -p no:cacheprovider "${tests[@]}"; then
            second+=("${tests[@]}")
        else
            status=1
        fi
    done
    return "$status"
}
second=() # tests that failed beside the others and passed alone

.venv/bin/python -m coverage erase
declare -A folders=()
given=("$@")
if [ $# -eq 0 ]; then
    whole=(tests/faults/test_no_trace.py tests/faults/test_print_trouble.py) # whole terminals, as in the visits
    states=(fault_states stolen_disk camera_faults document_camera_faults ocr_faults)
    states=("${states[@]/#/tests/faults/test_}") && states=("${states[@]/%/.py}")
    counting=(services/test_pack_check.py log_tampering keystore papers test_document_scenes.py test_codecs_hypothesis.py
        test_ocr_scenes.py test_codes_in_pictures.py) # much computing, which coverage would make longer still
    counting=("${counting[@]/#/tests/unit/}")
    folders=(
        [visits]="tests/visits/test_visits.py tests/visits/test_collecting.py"
        [citizens]="tests/visits --ignore=tests/visits/test_visits.py --ignore=tests/visits/test_collecting.py"
        [traces]="${whole[*]}"
        [states]="${states[*]}"
        [faults]="tests/faults ${whole[*]/#/--ignore=} ${states[*]/#/--ignore=}"
        [wires]="tests/wire"
        [heart]="tests/unit/counter $(echo tests/unit/test_{visit,life,journal}*.py)"
        [rooms]="tests/unit ${counting[*]/#/--ignore=} --ignore=tests/unit/counter --ignore-glob=*/unit/test_visit*
            --ignore-glob=*/unit/test_life* --ignore-glob=*/unit/test_journal*"
        [crash]="tests/crash"
        [backend]="$(echo tests/backend/test_backend_[a-l]*.py)"
        [store]="$(echo tests/backend/test_{backend_[m-z],log,sync}*.py)"
        [desks]="tests/backend --ignore-glob=*/test_backend_* --ignore-glob=*/test_log* --ignore-glob=*/test_sync*"
        [window]="tests/ui"
        [counting]="${counting[*]}"
        [contract]="tests/contract"
    )
    # the longest first, so that they end together
    rows=(window faults citizens crash visits wires backend store states traces desks contract)
    computing=(rooms heart counting)
else
    rows=(tests) computing=()
fi
for row in "${computing[@]}"; do kindness[$row]=5; done
waiting=("${rows[@]:side}") waiting_computing=("${computing[@]:side_computing}")
for row in "${rows[@]:0:side}" "${computing[@]:0:side_computing}"; do begin "$row"; done
rows+=("${computing[@]}")

step ruff .venv/bin/ruff check .
step format .venv/bin/ruff format --check --quiet .
step mypy .venv/bin/mypy --no-error-summary
step imports .venv/bin/lint-imports --no-logo
step qmllint qmllint_all
while [ "${#running[@]}" -gt 0 ]; do await; done
if [ "${#failing[@]}" -gt 0 ]; then step alone alone; fi

printf '\n== coverage (of the visit, the counter and the journal by their unit tests; nothing else is counted)\n'
.venv/bin/python -m coverage combine --quiet 2>/dev/null
.venv/bin/python -m coverage report --format=total 2>/dev/null | sed 's/$/ %/'

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
if [ "${#second[@]}" -gt 0 ]; then printf 'failed beside the others, passed alone: %s\n' "${second[@]}"; fi
# what failed, once more, because who sees only the end of a log wants to know
grep -hE '^(FAILED|ERROR) |^E   +Failed: Timeout' "${rows[@]/#/$logs/}" | cut -c -300 | head -n 30
# pytest's own closing lines, last, where people and machines look for them
for row in "${rows[@]}"; do
    grep -E '^=+ .*(passed|failed|error|skipped|no tests ran).* =+$' "$logs/$row" | tail -n 1
done
exit $((failed > 0))
