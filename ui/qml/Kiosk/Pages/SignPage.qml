pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Native
import Kiosk.Theme

// Sign with a finger. The way forward opens when something has been written.
PageFrame {
    id: root

    property var vm: null

    title: Words.t("sign.title")
    lead: root.vm && root.vm.name !== "" ? Words.t("sign.lead.name", root.vm.name) : Words.t("sign.lead")
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: Words.t("sign.done")
    rightEnabled: pad.meaningful
    note: pad.meaningful ? "" : Words.t(pad.empty ? "sign.first" : "sign.short")
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.sign(pad)
    onVisibleChanged: if (!visible) pad.clear()

    Rectangle {
        width: parent ? parent.width : 0
        // As high as the page allows with "write again" below it.
        height: Math.max(Theme.space(40), Math.min(Theme.space(84), root.room - clear.height - root.gap))
        radius: Theme.radius
        color: Theme.surface
        border.width: Theme.stroke
        border.color: pad.meaningful ? Theme.teal : Theme.line

        Rectangle {
            x: Theme.space(6)
            y: parent.height * 0.78
            width: parent.width - 2 * x
            height: Theme.hairline
            color: Theme.line
        }

        Label {
            visible: pad.empty
            anchors.centerIn: parent
            text: Words.t("sign.here")
            font.pixelSize: Theme.h2
            color: Theme.mutedInk
        }

        SignatureCanvas {
            id: pad

            objectName: "sign-pad"
            anchors.fill: parent
            ink: Theme.ink
            pen: Theme.penWidth
            Accessible.role: Accessible.Canvas
            Accessible.name: Words.t("sign.here")
        }
    }

    PillButton {
        id: clear

        objectName: "sign-clear"
        anchors.right: parent ? parent.right : undefined
        width: naturalWidth
        enabled: !pad.empty
        text: Words.t("sign.clear")
        onTapped: pad.clear()
    }
}
