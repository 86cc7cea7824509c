pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Native
import Kiosk.Theme

// Pages sent by telephone: a code to scan while nothing waits to be looked at, else the picture that arrived, with the
// number that the sending telephone shows.
PageFrame {
    id: root

    property var vm: null
    readonly property bool looking: root.vm ? root.vm.stage === "look" : false
    readonly property bool coded: root.vm ? root.vm.coded : false
    readonly property bool failed: root.vm ? root.vm.problem !== "" : false
    readonly property bool again: root.failed && root.vm.problem !== "closed"
    readonly property bool any: root.vm ? root.vm.count > 0 : false
    readonly property real widest: parent ? root.contentWidth : 0
    readonly property real below: (number.visible ? number.height + root.gap : 0)
                                  + (told.visible ? told.height + root.gap : 0) + (kept.visible ? kept.height + root.gap : 0)

    title: !root.vm ? "" : root.looking ? Words.t("upload.look") : Words.t("upload.title", root.vm.label)
    lead: !root.vm ? "" : root.looking ? Words.t("upload.look.lead", root.vm.number) : root.failed ? "" : Words.t("upload.lead")
    quitShown: true
    gap: Theme.space(2.5)
    leftText: root.looking ? Words.t("upload.drop") : Words.t("nav.back")
    leftName: root.looking ? "upload-drop" : "nav-back"
    otherText: root.looking || !(root.coded || root.again) ? "" : Words.t("upload.renew")
    otherName: "upload-renew"
    rightText: root.looking ? Words.t("upload.keep") : root.any ? Words.t("upload.done") : ""
    rightName: root.looking ? "upload-keep" : "nav-next"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.looking ? root.vm.drop() : root.vm.back()
    onOtherTapped: root.vm.renew()
    onRightTapped: root.vm.next()

    DeskPicture {
        id: picture

        readonly property real high: Math.max(Theme.space(44), root.room - root.below)

        objectName: root.looking ? "upload-picture" : "upload-code"
        visible: root.looking || !root.failed
        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        width: root.looking ? Math.min(root.widest, height * 4 / 3) : height
        height: Math.min(root.looking ? root.widest * 4 / 3 : root.widest, high, root.looking ? high : Theme.space(72))
        feed: root.vm
        page: root.looking ? 0 : -1
        ground: root.looking ? Theme.slate : Theme.surface
        good: Theme.mint
        bad: Theme.warnSoft
        corner: Theme.radius
    }

    Label {
        id: number

        objectName: "upload-number"
        visible: root.looking
        width: parent ? parent.width : 0
        text: root.vm ? Words.t("upload.number", root.vm.number) : ""
        horizontalAlignment: Text.AlignHCenter
        font.pixelSize: Theme.h2
        font.bold: true
    }

    Label {
        id: told

        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.line : ""
        horizontalAlignment: root.failed ? Text.AlignLeft : Text.AlignHCenter
        color: root.failed ? Theme.bad : Theme.ink
    }

    Label {
        id: kept

        visible: root.any && !root.looking
        width: parent ? parent.width : 0
        text: root.vm ? Words.t("upload.count", root.vm.count) : ""
        horizontalAlignment: told.horizontalAlignment
        font.pixelSize: Theme.small
        color: Theme.ink2
    }
}
