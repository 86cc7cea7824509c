pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// The machine says that it cannot serve, why in plain words, until when, where else one may go, and whom to call.
PageFrame {
    id: root

    property var vm: null

    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.reasonText : ""
    gap: Theme.space(4)
    middle: true

    Card {
        gap: Theme.space(2)

        Label {
            visible: text !== ""
            width: parent.width
            text: root.vm ? root.vm.expected : ""
            font.pixelSize: Theme.h2
            font.bold: true
        }

        Label {
            width: parent.width
            text: Words.t("out.advice")
        }

        Label {
            visible: text !== ""
            width: parent.width
            text: root.vm ? root.vm.nearest : ""
        }

        Label {
            visible: text !== ""
            width: parent.width
            text: root.vm && root.vm.phone !== "" ? Words.t("out.phone", root.vm.phone) : ""
            font.pixelSize: Theme.h2
            font.bold: true
        }
    }
}
