pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Native
import Kiosk.Theme

// Scan a paper: the desk as the camera sees it with one hint at a time, then the page to be looked at.
PageFrame {
    id: root

    property var vm: null
    readonly property string stage: root.vm ? root.vm.stage : ""
    readonly property bool looking: root.stage !== "taken"
    readonly property bool taking: root.stage === "taking"
    readonly property bool lost: root.vm ? root.vm.lost : false
    readonly property bool sheets: root.vm ? root.vm.count > 0 : false

    title: !root.vm ? "" : root.looking ? Words.t("desk.title", root.vm.label) : Words.t("desk.look")
    lead: !root.vm ? "" : root.looking ? root.vm.help : Words.t("desk.look.lead")
    quitShown: true
    gap: Theme.space(2.5)
    leftText: root.looking ? Words.t("nav.back") : Words.t("desk.retake")
    leftName: root.looking ? "nav-back" : "material-retake"
    otherText: !root.vm ? "" : root.looking ? root.vm.skipText : root.vm.more ? Words.t("desk.another") : ""
    otherName: root.looking ? "material-skip" : "material-another"
    rightText: root.looking ? (root.lost ? "" : Words.t("desk.take")) : Words.t("desk.done")
    rightName: root.looking ? "material-take" : "nav-next"
    rightEnabled: !root.taking
    note: root.taking ? Words.t("desk.still") : ""
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.looking ? root.vm.back() : root.vm.retake()
    onOtherTapped: root.looking ? root.vm.skip() : root.vm.another()
    onRightTapped: root.looking ? root.vm.take() : root.vm.next()

    DeskPicture {
        id: picture

        readonly property real below: (root.sheets ? thumbs.height + root.gap : 0)
                                      + (problem.visible ? problem.height + root.gap : 0)
                                      + (phone.visible ? phone.height + root.gap : 0)
                                      + (away.visible ? away.height + root.gap : 0)

        objectName: "material-picture"
        visible: !(root.lost && root.looking)
        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        width: Math.min(parent ? parent.width : 0, height * 4 / 3)
        height: Math.max(Theme.space(44), Math.min((parent ? parent.width : 0) * 3 / 4, root.room - below))
        feed: root.vm
        page: root.looking ? -1 : root.vm.count - 1
        ground: Theme.slate
        good: Theme.mint
        bad: Theme.warnSoft
        corner: Theme.radius

        Chip {
            anchors.horizontalCenter: parent.horizontalCenter
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.space(3)
            height: implicitHeight + Theme.space(2)
            tone: root.vm && root.vm.well ? "ok" : "plain"
            text: root.vm ? root.vm.hintText : ""
            visible: text !== ""
        }
    }

    Label {
        id: problem

        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: Theme.bad
    }

    PillButton {
        id: phone

        objectName: "material-phone"
        visible: root.looking && !root.taking && root.vm !== null && root.vm.phone
        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        width: Math.min(naturalWidth, parent ? parent.width : 0)
        least: Theme.elder ? Theme.action : Theme.minimum
        size: Theme.elder ? Theme.button : Theme.space(4.4)
        tone: "teal"
        text: Words.t("desk.phone")
        onTapped: root.vm.byPhone()
    }

    Label {
        id: away

        visible: root.looking && root.vm !== null && root.vm.phoneless
        width: parent ? parent.width : 0
        text: Words.t("desk.phone.offline")
        font.pixelSize: Theme.small
        color: Theme.ink2
    }

    Row {
        id: thumbs

        visible: root.sheets
        width: parent ? parent.width : 0
        height: Theme.space(14)
        spacing: Theme.space(1.5)

        Label {
            anchors.verticalCenter: parent.verticalCenter
            text: root.vm ? Words.t("desk.count", root.vm.count) : ""
            font.pixelSize: Theme.small
            color: Theme.ink2
        }

        Repeater {
            model: root.vm ? root.vm.pages : null

            DeskPicture {
                id: thumb

                required property int number

                width: Theme.space(10)
                height: thumbs.height
                feed: root.vm
                page: thumb.number - 1
                ground: Theme.shade
                corner: Theme.space(1)
            }
        }
    }
}
