pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Native
import Kiosk.Theme

// The face check: the picture as the camera sees it, one hint at a time, and the way out of it.
PageFrame {
    id: root

    property var vm: null

    readonly property string move: root.vm ? root.vm.move : ""

    title: root.move !== "" ? root.vm.moveText : Words.t("face.title")
    lead: root.move !== "" ? root.vm.stepText : Words.t("face.lead")
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: Words.t("face.other")
    rightName: "face-other"
    rightTone: "secondary"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.otherWay()

    FacePicture {
        id: picture

        objectName: "face-picture"
        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        width: Theme.landscape ? Theme.space(Theme.elder ? 54 : 80) : Theme.space(95)
        height: Theme.landscape ? Theme.space(Theme.elder ? 46 : 68) : Theme.space(Theme.elder ? 90 : 102)
        feed: root.vm
        ground: Theme.slate
        within: Theme.slateMid
        figure: Theme.slateLight
        guide: Theme.mint
        corner: Theme.radius + Theme.space(1)

        Chevron { // towards the person's own side: the picture is a mirror
            anchors.verticalCenter: parent.verticalCenter
            anchors.verticalCenterOffset: -parent.height * 0.03
            x: (root.move === "turn_left" ? Theme.space(8) : parent.width - Theme.space(8)) - width / 2
            scale: 4
            rotation: root.move === "turn_left" ? 180 : 0
            visible: root.move === "turn_left" || root.move === "turn_right"
            tint: Theme.mint
        }

        Chip {
            anchors.horizontalCenter: parent.horizontalCenter
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.space(4)
            height: implicitHeight + Theme.space(2.5)
            tone: "plain"
            text: root.vm ? root.vm.hintText : ""
            visible: text !== ""
        }
    }

    Label {
        width: parent ? parent.width : 0
        horizontalAlignment: Text.AlignHCenter
        text: Words.t("face.free")
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
        color: Theme.ink2
    }
}
