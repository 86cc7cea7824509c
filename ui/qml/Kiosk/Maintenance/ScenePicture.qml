pragma ComponentBehavior: Bound

import QtQuick

// What the hands do in a step, in a few simple shapes; or where in the cabinet. Amber is what is handled.
Rectangle {
    id: root

    property string name: ""
    readonly property bool scene: root.scenes[root.name] !== undefined
    readonly property real u: Math.min(root.width / 160, root.height / 100)
    // Of every shape: across, down, wide, high, corner, colour, turned; on a ground of 160 by 100.
    readonly property var scenes: ({
        roll: [[30, 30, 100, 54, 5, "metal"], [38, 37, 84, 40, 4, "ground"], [58, 38, 38, 38, 19, "sheet"],
               [72, 52, 10, 10, 5, "dark"], [26, 18, 108, 7, 3, "dark", -12], [61, 41, 32, 32, 16, "rim"],
               [72, 52, 10, 10, 5, "dark"], [86, 14, 10, 44, 1, "sheet"], [86, 8, 10, 14, 1, "amber"],
               [110, 50, 16, 16, 8, "ground"]],
        tray: [[26, 20, 108, 36, 5, "metal"], [26, 58, 108, 24, 3, "dark"], [34, 52, 92, 22, 1, "sheet"],
               [36, 49, 88, 6, 1, "sheet"], [38, 46, 84, 5, 1, "sheet"], [26, 66, 108, 18, 3, "amber"],
               [68, 72, 24, 5, 2, "dark"], [40, 28, 40, 5, 2, "ground"]],
        jam: [[22, 16, 116, 32, 5, "metal"], [22, 56, 116, 30, 5, "metal"], [30, 44, 100, 16, 2, "ground"],
              [44, 46, 18, 4, 1, "amber", 24], [58, 46, 18, 4, 1, "amber", -28], [72, 48, 18, 4, 1, "amber", 26],
              [86, 50, 40, 4, 1, "amber", -4], [30, 42, 9, 9, 5, "dark"], [30, 54, 9, 9, 5, "dark"],
              [121, 42, 9, 9, 5, "dark"], [121, 54, 9, 9, 5, "dark"]],
        glass: [[24, 66, 112, 14, 3, "metal"], [32, 60, 96, 8, 2, "sheet"], [28, 12, 6, 56, 3, "dark"],
                [28, 12, 58, 6, 3, "dark"], [78, 14, 18, 10, 3, "dark"], [56, 44, 34, 14, 4, "amber", -10],
                [94, 52, 14, 3, 1, "line", 0], [100, 46, 14, 3, 1, "line", 0]],
        reader: [[44, 18, 72, 66, 7, "metal"], [52, 26, 56, 36, 5, "sheet"], [60, 34, 40, 20, 3, "ground"],
                 [74, 82, 12, 12, 3, "amber"], [78, 92, 4, 8, 1, "amber"], [50, 72, 5, 5, 3, "dark"],
                 [105, 72, 5, 5, 3, "dark"]],
        camera: [[30, 20, 100, 48, 8, "metal"], [60, 24, 40, 40, 20, "dark"], [67, 31, 26, 26, 13, "sheet"],
                 [74, 38, 12, 12, 6, "amber"], [40, 28, 8, 8, 4, "ground"], [70, 68, 20, 14, 2, "dark"],
                 [52, 80, 56, 6, 3, "dark"]],
        cable: [[20, 26, 46, 48, 6, "metal"], [58, 42, 14, 16, 2, "dark"], [84, 42, 20, 16, 3, "amber"],
                [76, 45, 9, 4, 1, "amber"], [76, 52, 9, 4, 1, "amber"], [103, 47, 40, 6, 3, "dark"]]
    })
    readonly property var colours: ({
        metal: Works.metal, dark: Works.metalDark, ground: Works.unknownSoft, sheet: Works.sheet, amber: Works.amber,
        line: Works.line, rim: Works.sheet
    })

    radius: Works.radius
    color: Works.sheet
    border.width: Works.hairline
    border.color: Works.line
    clip: true
    Accessible.ignored: true

    Item {
        anchors.centerIn: parent
        visible: root.scene
        width: root.u * 160
        height: root.u * 100

        Repeater {
            model: root.scenes[root.name] ?? []

            Rectangle {
                required property var modelData

                x: modelData[0] * root.u
                y: modelData[1] * root.u
                width: modelData[2] * root.u
                height: modelData[3] * root.u
                radius: modelData[4] * root.u
                color: root.colours[modelData[5]]
                border.width: modelData[5] === "sheet" || modelData[5] === "rim" ? Works.hairline : 0
                border.color: Works.metalDark
                rotation: modelData[6] ?? 0
                antialiasing: true
            }
        }
    }

    CabinetPicture {
        anchors.centerIn: parent
        visible: !root.scene && root.name !== ""
        width: (root.height - Works.space(6)) / 1.5
        place: root.name
    }
}
