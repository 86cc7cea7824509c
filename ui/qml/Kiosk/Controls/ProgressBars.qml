pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Five quiet bars.
Row {
    id: root

    property int step: 0

    visible: root.step > 0
    spacing: Theme.space(1.5)
    height: Theme.bar
    Accessible.role: Accessible.ProgressBar
    Accessible.name: Words.t("header.step", root.step)

    Repeater {
        model: 5

        Rectangle {
            required property int index

            width: (root.width - 4 * root.spacing) / 5
            height: root.height
            radius: height / 2
            color: index < root.step ? Theme.teal : Theme.line
        }
    }
}
