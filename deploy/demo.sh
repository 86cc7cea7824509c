#!/usr/bin/env bash
# The demo: simulated devices on their wires, a backend of its own and the real window.
#
#   bash deploy/demo.sh [arguments of `kiosk demo`]
#
# With a display it opens the window with the device dock beside it. Without one (or with --headless) it plays the
# sample visits and writes report.json, screens and papers to KIOSK_OUT (default: demo-out). The exit status is 0
# only if every visit reached its expected end. A --visit or --out of your own replaces the default one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bash deploy/setup

given() { # whether an option stands among the arguments
    local option=$1 argument
    shift
    for argument in "$@"; do
        case "$argument" in "$option" | "$option"=*) return 0 ;; esac
    done
    return 1
}

arguments=()
if [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || given --headless "$@"; then
    export QT_QPA_PLATFORM=offscreen
    given --headless "$@" || arguments+=(--headless)
    if ! given --visit "$@"; then
        arguments+=(--visit tests/visits/pension.toml --visit tests/visits/individual_business.toml)
    fi
    given --out "$@" || arguments+=(--out "${KIOSK_OUT:-demo-out}")
fi
export QT_QUICK_BACKEND=${QT_QUICK_BACKEND:-software}
# Qt's plug-ins are PySide6's own, whatever another Qt on this machine asks for.
unset QT_PLUGIN_PATH QT_QPA_PLATFORM_PLUGIN_PATH QT_QPA_FONTDIR QML2_IMPORT_PATH QML_IMPORT_PATH
exec .venv/bin/kiosk demo "${arguments[@]}" "$@"
