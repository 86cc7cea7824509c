pragma ComponentBehavior: Bound

import QtQuick

// The cabinet from the front, with the place of a device in amber.
Item {
    id: root

    property string place: ""
    readonly property real u: root.width / 100
    readonly property string name: root.place.startsWith("at-") ? root.place.slice(3) : root.place
    readonly property bool small: root.width <= Works.thumb
    // across, down, wide, high, in hundredths of the width
    readonly property var places: ({
        camera: [43, 4, 14, 7], screen: [18, 15, 64, 42], speaker: [30, 60, 40, 4],
        document_camera: [16, 67, 22, 13], code_scanner: [41, 67, 18, 9], id_reader: [62, 67, 22, 13],
        card_reader: [62, 83, 22, 5], keypad: [41, 79, 18, 10], receipt_printer: [16, 83, 22, 6],
        page_printer: [16, 96, 68, 15], document_scanner: [16, 92, 30, 4], locker: [16, 114, 30, 26],
        computer: [54, 114, 30, 11], ups: [54, 128, 30, 12], network: [20, 142, 22, 5], sensors: [84, 100, 6, 12]
    })
    readonly property var spot: root.places[root.name] ?? null

    height: root.u * 150
    Accessible.ignored: true

    Rectangle {
        x: root.u * 8
        width: root.u * 84
        height: root.u * 150
        radius: root.u * 6
        color: Works.unknownSoft
        border.width: root.small ? Works.hairline : Works.stroke
        border.color: Works.metalDark
    }

    // The table in front, on which papers and cards are laid, and the door below it.
    Rectangle {
        x: root.u * 2
        y: root.u * 64
        width: root.u * 96
        height: root.u * 2
        color: Works.metalDark
    }

    Rectangle {
        visible: !root.small
        x: root.u * 12
        y: root.u * 92
        width: root.u * 76
        height: root.u * 54
        radius: root.u * 2
        color: Works.ground
        border.width: Works.hairline
        border.color: Works.metal
    }

    Repeater {
        model: root.small ? ["screen"] : Object.keys(root.places)

        Rectangle {
            required property string modelData
            readonly property var box: root.places[modelData]

            x: root.u * box[0]
            y: root.u * box[1]
            width: root.u * box[2]
            height: root.u * box[3]
            radius: root.u * 1.5
            color: modelData === "screen" ? Works.metal : Works.sheet
            border.width: Works.hairline
            border.color: Works.metal
        }
    }

    Rectangle {
        readonly property real least: root.small ? root.u * 26 : root.u * 10

        visible: root.spot !== null
        width: root.spot ? Math.max(least, root.u * root.spot[2]) : 0
        height: root.spot ? Math.max(least, root.u * root.spot[3]) : 0
        x: root.spot ? root.u * (root.spot[0] + root.spot[2] / 2) - width / 2 : 0
        y: root.spot ? root.u * (root.spot[1] + root.spot[3] / 2) - height / 2 : 0
        radius: root.u * 3
        color: Works.amber
        border.width: Works.hairline
        border.color: Works.slate
    }
}
