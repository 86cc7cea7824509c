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
        failed=1
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

log=$(mktemp)
visits_log=$(mktemp)
visits=
trap 'rm -f "$log" "$visits_log"; [ -z "$visits" ] || kill "$visits" 2>/dev/null' EXIT
pytest_all() {
    .venv/bin/python -m coverage run -m pytest "$@" 2>&1 | tee "$log"
    return "${PIPESTATUS[0]}"
}
visits_end() {
    local status=0
    wait "$visits" || status=$?
    visits=
    cat "$visits_log"
    return "$status"
}

step ruff .venv/bin/ruff check .
step format .venv/bin/ruff format --check --quiet .
step mypy .venv/bin/mypy --no-error-summary
step imports .venv/bin/lint-imports --no-logo
step qmllint qmllint_all
if [ $# -eq 0 ]; then
    # scripted citizens wait for windows, printers and networks most of the time: they walk beside the other tests
    .venv/bin/python -m pytest tests/visits >"$visits_log" 2>&1 &
    visits=$!
    step tests pytest_all --ignore=tests/visits
    step visits visits_end
else
    step tests pytest_all "$@"
fi

printf '\n== coverage (of the test process itself; child processes are not counted)\n'
.venv/bin/python -m coverage report --format=total 2>/dev/null | sed 's/$/ %/'

printf '\n== summary\n'
printf '%s\n' "${summary[@]}"
# pytest's own closing lines, last, where people and machines look for them
for file in "$visits_log" "$log"; do
    grep -E '^=+ .*(passed|failed|error|skipped|no tests ran).* =+$' "$file" | tail -n 1
done
exit "$failed"
