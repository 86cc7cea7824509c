pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// What this machine keeps of earlier visits, and the way to have it deleted.
Card {
    id: root

    property string text: ""
    property string name: ""

    signal forgotten

    visible: root.text !== ""
    padding: Theme.space(4)
    gap: Theme.space(2)

    Label {
        width: parent ? parent.width : 0
        text: root.text
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
        color: Theme.ink2
    }

    PillButton {
        objectName: root.name
        width: Math.min(naturalWidth, parent ? parent.width : 0)
        least: Theme.minimum
        size: Theme.elder ? Theme.small : Theme.space(4.4)
        text: Words.t("review.forget")
        onTapped: root.forgotten()
    }
}
