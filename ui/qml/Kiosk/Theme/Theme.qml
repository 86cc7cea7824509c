pragma Singleton

import QtQuick

// Paper, ink and seal: every colour, size and duration of the screen stands here and nowhere else.
// Sizes are for a page 1080 wide (portrait) or 1080 high (landscape); the window scales the whole.
QtObject {
    id: theme

    property bool elder: false
    property bool landscape: false
    property bool reducedMotion: false

    readonly property color paper: "#F6F3EC"
    readonly property color surface: "#FFFFFF"
    readonly property color footer: "#FBF9F4"
    readonly property color ink: "#1A2330"
    readonly property color ink2: "#4C5867"
    readonly property color line: "#DDD6C8"
    readonly property color teal: "#0B5F63"
    readonly property color tealDeep: "#084A4D"
    readonly property color tealSoft: "#E3EFEE"
    readonly property color tealMist: "#F2F8F7"
    readonly property color seal: "#B8321F"
    readonly property color sealDeep: "#8C2415"
    readonly property color sealSoft: "#F8E7E2"
    readonly property color ok: "#1B6E45"
    readonly property color okSoft: "#E2F0E7"
    readonly property color okMist: "#F3FAF6"
    readonly property color warn: "#8A5200"
    readonly property color warnSoft: "#FBEED8"
    readonly property color bad: "#9B2316"
    readonly property color badSoft: "#F9E4E1"
    readonly property color violetSoft: "#E8E6F5"
    readonly property color blueSoft: "#E4ECF6"
    readonly property color onDark: "#FFFFFF"
    readonly property color shade: "#E7E1D5"
    readonly property color keyboard: "#E8E1D3"
    readonly property color keyEdge: "#CDC4B2"
    readonly property color muted: "#EBE7DD"
    readonly property color mutedInk: "#5D6570"
    readonly property color cardInk: "#C9C0B0"
    readonly property color slate: "#2A3441"
    readonly property color slateMid: "#3D4856"
    readonly property color slateLight: "#5B6878"
    readonly property color mint: "#7CC8AE"
    readonly property color scrim: "#A61A2330"

    readonly property string serif: "Noto Serif CJK SC"
    readonly property string sans: "Noto Sans CJK SC"

    readonly property int display: elder ? 128 : 116
    readonly property int h1: elder ? 88 : 68
    readonly property int question: elder ? 72 : 68 // a heading above a keyboard
    readonly property int h2: elder ? 60 : 44
    readonly property int figure: elder ? 64 : 54
    readonly property int lead: elder ? 52 : 36
    readonly property int body: elder ? 52 : 36
    readonly property int item: elder ? 84 : 44
    readonly property int button: elder ? 60 : 42
    readonly property int small: elder ? 48 : 29
    readonly property int field: elder ? 72 : 60
    readonly property int longAnswer: 18 // characters
    readonly property int key: elder ? 56 : 48
    readonly property int keyWord: elder ? 48 : 34
    readonly property int candidate: elder ? 60 : 46
    readonly property real headingLine: 0.88

    readonly property int minimum: 104
    readonly property int target: elder ? 190 : 120
    readonly property int action: elder ? 190 : 126
    readonly property int actionBehind: elder ? 144 : 108
    readonly property int keyHeight: landscape ? 104 : (elder ? 124 : 112)
    readonly property int pillHeight: 84
    readonly property int gutter: landscape ? 64 : 80
    readonly property int headerHeight: elder ? 152 : 132
    readonly property int panel: elder ? 640 : 560
    readonly property int widePanel: 1160
    readonly property int wideAside: 840
    readonly property int widestAside: 960
    readonly property int mark: 76
    readonly property int attractMark: 190
    readonly property int glyph: elder ? 128 : 108
    readonly property int dot: 22
    readonly property int bar: 10
    readonly property int hairline: 2
    readonly property int stroke: elder ? 5 : 3
    readonly property int penWidth: 9

    readonly property int radius: 28
    readonly property int radiusSmall: 16

    readonly property int brief: reducedMotion ? 0 : 220
    readonly property int stamp: reducedMotion ? 0 : 420
    readonly property int slow: 1600
    readonly property int slide: 56

    // The rhythm of the page: everything stands on multiples of eight.
    function space(count: real): int {
        return Math.round(count * 8)
    }

    function ground(tone: string): color {
        switch (tone) {
        case "ok": return okSoft
        case "warn": return warnSoft
        case "bad": return badSoft
        case "seal": return sealSoft
        case "violet": return violetSoft
        case "blue": return blueSoft
        case "plain": return surface
        default: return tealSoft
        }
    }

    function text(tone: string): color {
        switch (tone) {
        case "ok": return ok
        case "warn": return warn
        case "bad": return bad
        case "seal": return sealDeep
        case "plain": return ink
        default: return tealDeep
        }
    }
}
