pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// The end: what is saved, and do not forget the card.
PageFrame {
    id: root

    property var vm: null

    title: root.vm ? root.vm.heading : ""
    lead: root.vm ? root.vm.lead : ""
    rightText: Words.t("farewell.done")
    rightName: "farewell-done"
    gap: Theme.space(5)
    middle: !(root.vm && root.vm.take !== "")
    onRightTapped: root.vm.done()

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm && root.vm.caseNo !== "" ? Words.t("outcome.case", root.vm.caseNo) : ""
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.remembered : ""
        color: Theme.ink2
    }

    Card {
        visible: root.vm ? root.vm.take !== "" : false
        color: Theme.warnSoft
        border.width: Theme.stroke
        border.color: Theme.warn

        Label {
            width: parent.width
            text: root.vm ? Words.t("farewell.take", root.vm.take) : ""
            font.pixelSize: Theme.h2
            font.bold: true
        }
    }

    Item {
        visible: root.vm ? root.vm.cardOnReader : false
        width: parent ? parent.width : 0
        height: picture.height * picture.scale

        ReaderPicture {
            id: picture

            anchors.horizontalCenter: parent.horizontalCenter
            width: implicitWidth
            height: implicitHeight
            transformOrigin: Item.Top
            scale: Theme.landscape && Theme.elder ? 0.5 : Theme.landscape || Theme.elder ? 0.72 : 1
            live: true
            away: true
        }
    }
}
