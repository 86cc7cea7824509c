pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Ten digits and delete; a letter where a number may have one (`letter`); OK where no other way forward stands beside it (`confirms`).
Rectangle {
    id: root

    property bool confirms: false
    property string letter: ""
    property bool acceptable: false
    property string prefix: "pad-" // of the keys' names
    readonly property int gap: Theme.space(2)
    readonly property real unit: (pad.width - 2 * root.gap) / 3

    signal pressed(digit: string)
    signal erased
    signal accepted

    color: Theme.landscape ? Theme.footer : Theme.keyboard
    height: pad.height + 2 * Theme.space(3)

    Grid {
        id: pad

        anchors.horizontalCenter: parent.horizontalCenter
        y: Theme.space(3)
        width: Math.min(root.width - 2 * Theme.gutter, Theme.space(100))
        columns: 3
        spacing: root.gap

        Repeater {
            model: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "delete", "0"].concat(root.letter !== "" ? [root.letter] : [])
                                                                                   .concat(root.confirms ? ["ok"] : [])

            KeyCap {
                id: cap

                required property string modelData

                objectName: root.prefix + modelData
                width: root.unit
                height: Theme.keyHeight + Theme.space(2)
                word: cap.modelData.length > 1
                strong: cap.modelData === "ok"
                enabled: cap.modelData !== "ok" || root.acceptable
                text: cap.modelData === "delete" ? Words.t("keyboard.delete")
                    : cap.modelData === "ok" ? Words.t("keyboard.ok") : cap.modelData
                onTapped: {
                    if (cap.modelData === "delete")
                        root.erased()
                    else if (cap.modelData === "ok")
                        root.accepted()
                    else
                        root.pressed(cap.modelData)
                }
            }
        }
    }
}
