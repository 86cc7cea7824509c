#!/usr/bin/env bash
# Every test against programs that nobody here wrote, with what CI cannot hold: all peers there, daemons killed often.
#
#   bash deploy/peers.sh [FOLDER] [ROUNDS]         e.g. bash deploy/peers.sh /var/tmp/peers 100
#
# FOLDER (default: peers in the user's cache) takes what Debian 12 has no package of: PyPI emupos under a Python 3.13 or
# later, npm receiptio, npm oidc-provider (always in the user's cache). They are built once and found again; `rm -rf FOLDER`
# undoes it. ROUNDS (default 100) is how often each daemon is killed and each cable pulled: about 40 minutes for 100, five
# for 2.
#
# KIOSK_EMUPOS_BASE   the Python (3.13 or later) for emupos; default: python3.15, 3.14, 3.13 on PATH, pyenv's, uv's
#
# A peer that cannot be built is named and its tests are skipped; the exit status is 0 only if all were there and passed.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

case "${1:-}" in
    -h | --help)
        sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
        exit 0
        ;;
esac
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/kiosk/peers}
rounds=${2:-100}
case "$rounds" in '' | *[!0-9]*) echo "peers: ROUNDS must be a number" >&2; exit 2 ;; esac
mkdir -p "$folder" || exit 1
folder=$(cd "$folder" && pwd)

say() { printf 'peers: %s\n' "$*"; }
lacking=()

serves() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 13))' 2>/dev/null; }

newer_python() { # the first Python of 3.13 or later, by its path
    local name path
    for name in ${KIOSK_EMUPOS_BASE:+"$KIOSK_EMUPOS_BASE"} python3.15 python3.14 python3.13 python3; do
        path=$(command -v "$name") && serves "$path" && printf '%s\n' "$path" && return
    done
    for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python3; do
        [ -x "$path" ] && serves "$path" && printf '%s\n' "$path" && return
    done
    if command -v uv >/dev/null; then
        path=$(uv python find '>=3.13' 2>/dev/null || { uv python install --quiet 3.13 && uv python find 3.13; } 2>/dev/null)
        [ -n "$path" ] && serves "$path" && printf '%s\n' "$path" && return
    fi
    return 1
}

emupos() { # sets KIOSK_EMUPOS_PYTHON
    local made="$folder/emupos" base
    if ! [ -x "$made/bin/emupos" ]; then
        base=$(newer_python) || { say "no Python 3.13 or later is there (KIOSK_EMUPOS_BASE names one)"; return 1; }
        say "emupos: building it with $base"
        rm -rf "$made"
        "$base" -m venv "$made" && "$made/bin/python" -m pip install --quiet --disable-pip-version-check 'emupos>=0.4,<0.5' || return 1
    fi
    export KIOSK_EMUPOS_PYTHON="$made/bin/python"
}

receiptio() { # sets KIOSK_PEER_RECEIPTIO
    local made="$folder/receiptio"
    if ! [ -x "$made/node_modules/.bin/receiptio" ]; then
        command -v npm >/dev/null || { say "no npm is there (Debian: nodejs npm)"; return 1; }
        say "receiptio: building it"
        npm install --silent --no-fund --no-audit --prefix "$made" 'receiptio@^2.1' || return 1
    fi
    export KIOSK_PEER_RECEIPTIO="$made/node_modules/.bin/receiptio"
}

oidc() { # an issuer, where tests/backend/test_console_oidc_peer.py looks for it
    local made="${XDG_CACHE_HOME:-$HOME/.cache}/kiosk/peers/oidc"
    if ! [ -d "$made/node_modules/oidc-provider" ]; then
        command -v npm >/dev/null || { say "no npm is there (Debian: nodejs npm)"; return 1; }
        say "oidc-provider: installing it"
        mkdir -p "$made" && cp tests/backend/oidc_peer/package.json "$made" || return 1
        npm install --silent --no-fund --no-audit --prefix "$made" || return 1
    fi
}

bash deploy/setup --dev || exit 1
oidc || lacking+=(oidc-provider)
emupos || lacking+=(emupos)
receiptio || lacking+=(receiptio)

export QT_QPA_PLATFORM=offscreen PYTHONUTF8=1 KIOSK_PEER_ROUNDS=$rounds
log=$(mktemp)
trap 'rm -f "$log"' EXIT
summary=()
failed=0

peer() { # NAME TEST...: one after the other, for they measure how long a loss takes to be seen
    local name=$1 start=$SECONDS verdict status=0
    shift
    printf '\n== %s\n' "$name"
    .venv/bin/python -m pytest -s -rs "$@" 2>&1 | tee "$log" || status=$?
    verdict=$(grep -E '^(=+ )?[0-9]+ (passed|failed|skipped|error).* in [0-9]' "$log" | tail -n 1 | sed 's/^[= ]*//; s/[= ]*$//')
    [ "$status" -eq 0 ] || { failed=1; verdict="FAILED ($status) $verdict"; }
    summary+=("$(printf '%-10s %5d s  %s' "$name" $((SECONDS - start)) "$verdict")")
}

wire=tests/wire
peer receipts $wire/test_escpos_foreign.py $wire/test_escpos_receiptio.py
peer pages $wire/test_ipp_ippeveprinter.py $wire/test_cups_ippeveprinter.py tests/faults/test_paper_matrix.py
peer daemons tests/faults/test_daemon_peers.py
peer scanner tests/contract/test_document_scanner.py tests/faults/test_sane_faults.py
peer cards tests/faults/test_pcsc_faults.py $wire/test_piv_jcecard.py
# Here it is not how often: each of the 88 ways to open a document, once.
KIOSK_PEER_ROUNDS=88 peer documents $wire/test_emrtd_libeac.py $wire/test_emrtd_chip_libeac.py $wire/test_emrtd_openssl.py $wire/test_emrtd_mrtdreader.py
peer field $wire/test_nut_upsd.py $wire/test_modbus_mbpoll.py $wire/test_modbus_pymodbus.py
peer cameras tests/faults/test_camera_peers.py
KIOSK_PEER_OIDC=1 peer issuer tests/backend/test_console_oidc_peer.py

printf '\n== summary (%s rounds)\n' "$rounds"
printf '%s\n' "${summary[@]}"
if [ ${#lacking[@]} -gt 0 ]; then
    printf 'not there: %s\n' "${lacking[*]}"
    failed=1
fi
exit "$failed"
