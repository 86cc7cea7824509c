pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// 帮办: on every page, who helps and what is masked for them; afterwards, that somebody has helped.
Rectangle {
    id: root

    property var chrome: null
    readonly property string helper: root.chrome ? root.chrome.helper : ""
    readonly property bool busy: root.helper !== ""

    visible: root.chrome ? root.chrome.helped : false
    height: !visible ? 0 : root.busy ? Math.max(end.height, words.height) + Theme.space(2) : words.height + Theme.space(2)
    radius: Theme.radiusSmall
    color: Theme.violetSoft

    Flow {
        id: words

        anchors.verticalCenter: parent.verticalCenter
        x: Theme.space(4)
        width: (root.busy ? end.x - Theme.space(2) : parent.width) - x
        spacing: Theme.space(0.5)

        Label {
            text: !root.busy ? Words.t("helper.was")
                : root.helper === "staff" ? Words.t("helper.strip.shared") : Words.t("helper.strip", root.helper)
            width: Math.min(implicitWidth, words.width)
            font.pixelSize: Theme.small
            font.bold: true
        }

        Label {
            visible: root.busy && !Theme.elder && !Theme.landscape
            text: Words.t("helper.masked")
            width: Math.min(implicitWidth, words.width)
            font.pixelSize: Theme.small
        }
    }

    PillButton {
        id: end

        objectName: "helper-end"
        visible: root.busy
        anchors.verticalCenter: parent.verticalCenter
        x: parent.width - width - Theme.space(1)
        width: naturalWidth
        least: Theme.minimum
        size: Theme.elder ? Theme.small : Theme.space(4.4)
        text: Words.t("helper.end")
        onTapped: root.chrome.endHelper()
    }
}
