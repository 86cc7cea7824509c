pragma Singleton

import QtQuick
import Kiosk.Theme

// Slate, grey and amber: every colour and size of the maintenance window stands here and nowhere else. Nobody takes it
// for the public pages. Sizes are for a page 1080 wide (portrait) or 1080 high (landscape).
QtObject {
    readonly property bool wide: Theme.landscape
    readonly property bool still: Theme.reducedMotion

    readonly property color ground: "#EEF0F3"
    readonly property color sheet: "#FFFFFF"
    readonly property color sheetDown: "#E4E8ED"
    readonly property color sheetOff: "#F5F6F8"
    readonly property color line: "#D3D8DF"
    readonly property color slate: "#1A2330"
    readonly property color slateDown: "#2E3A4A"
    readonly property color slateLine: "#566273"
    readonly property color ink: "#1A2330"
    readonly property color ink2: "#4C5867"
    readonly property color inkOff: "#5F6975"
    readonly property color pale: "#FFFFFF"
    readonly property color paleDim: "#B9C2CD"
    readonly property color amber: "#C98A1B"
    readonly property color amberDown: "#A87112"
    readonly property color amberSoft: "#FBF0DA"
    readonly property color act: "#0B5F63" // the words of what a row leads to
    readonly property color ok: "#2F7D54"
    readonly property color okSoft: "#E3F1E9"
    readonly property color bad: "#B3301F"
    readonly property color badDown: "#8C2415"
    readonly property color badSoft: "#F9E4E1"
    readonly property color unknown: "#6B7684"
    readonly property color unknownSoft: "#E2E6EB"
    readonly property color metal: "#C3CAD3"
    readonly property color metalDark: "#8A94A1"
    readonly property color scrim: "#C01A2330"

    readonly property int title: 56
    readonly property int instruction: wide ? 44 : 50
    readonly property int disc: wide ? 80 : 104
    readonly property int name: 38
    readonly property int body: 36
    readonly property int detail: 31
    readonly property int small: 28
    readonly property int button: 42
    readonly property int buttonBehind: 36
    readonly property int field: 60

    readonly property int least: 104 // of whatever is touched
    readonly property int action: wide ? 112 : 128
    readonly property int actionBehind: 108
    readonly property int row: 140
    readonly property int gutter: wide ? 64 : 80
    readonly property int bar: wide ? 112 : 132
    readonly property int mark: 76
    readonly property int pill: 84
    readonly property int edge: 16
    readonly property int tone: 44
    readonly property int thumb: 60
    readonly property int radius: 18
    readonly property int radiusSmall: 8
    readonly property int hairline: 2
    readonly property int stroke: 3
    readonly property int scenery: 420 // a picture under the text of a portrait page
    readonly property int tallScenery: 600
    readonly property int aside: 660 // beside the text of a landscape page
    readonly property int menuPanel: wide ? 1640 : 920
    readonly property int panel: wide ? 1200 : 920
    readonly property int trace: 36 // of a touch that is drawn

    readonly property int pace: 1200 // ms: how long the bar of a work under way takes from end to end

    // Everything stands on multiples of eight.
    function space(count: real): int {
        return Math.round(count * 8)
    }

    function edgeOf(tone: string): color {
        switch (tone) {
        case "ok": return ok
        case "attention": return amber
        case "broken": return bad
        case "unknown": return unknown
        default: return line
        }
    }

    function softOf(tone: string): color {
        switch (tone) {
        case "ok": return okSoft
        case "attention": return amberSoft
        case "broken": return badSoft
        case "unknown": return unknownSoft
        default: return sheet
        }
    }

    // A plain colour for the test of the screen.
    function plainOf(name: string): color {
        switch (name) {
        case "red": return "#FF0000"
        case "green": return "#00FF00"
        case "blue": return "#0000FF"
        case "black": return "#000000"
        case "grey": return "#808080"
        default: return "#FFFFFF"
        }
    }

    function inkOn(name: string): color {
        return name === "black" || name === "blue" || name === "red" ? pale : ink
    }
}
