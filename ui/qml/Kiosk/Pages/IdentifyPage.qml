pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Put the card on the reader. A problem says what happened and what to do; help is always at hand.
PageFrame {
    id: root

    property var vm: null
    readonly property bool wrong: root.vm ? root.vm.problem !== "" : false

    title: Words.t("identify.title")
    lead: Words.t("identify.lead")
    leftText: Words.t("nav.back")
    rightText: Words.t("nav.quit")
    rightName: "nav-quit"
    rightTone: "secondary"
    gap: Theme.space(4)
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.quit()

    Item {
        width: parent ? parent.width : 0
        height: picture.height * picture.scale + Theme.space(4)
        visible: !root.wrong || !Theme.elder

        ReaderPicture {
            id: picture

            anchors.horizontalCenter: parent.horizontalCenter
            anchors.top: parent.top
            anchors.topMargin: Theme.space(3)
            width: implicitWidth
            height: implicitHeight
            live: !root.wrong
            scale: Theme.landscape && Theme.elder ? 0.5 : Theme.landscape || Theme.elder ? 0.72 : root.wrong ? 0.8 : 1
            transformOrigin: Item.Top
        }
    }

    Chip {
        visible: !root.wrong
        anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
        height: implicitHeight + Theme.space(2.5)
        text: root.vm && root.vm.secondsLeft >= 0 ? Words.t("identify.waiting.seconds", root.vm.secondsLeft)
                                                  : Words.t("identify.waiting")
    }

    Card {
        visible: root.wrong
        color: Theme.warnSoft
        border.width: Theme.stroke
        border.color: Theme.warn
        gap: Theme.space(1)

        Label {
            width: parent.width
            text: root.vm ? root.vm.problemTitle : ""
            font.pixelSize: Theme.h2
            font.bold: true
        }

        Label {
            width: parent.width
            text: root.vm ? root.vm.problemAdvice : ""
            color: Theme.ink
        }
    }

    aside: [
        Column {
            width: parent ? parent.width : 0
            spacing: Theme.space(2)

            Label {
                width: parent.width
                text: Words.t("identify.other")
                font.pixelSize: Theme.elder ? Theme.small : Theme.body
                color: Theme.ink2
            }

            ChoiceCard {
                objectName: "identify-help"
                width: parent.width
                title: Words.t("identify.help")
                arrow: true
                onTapped: root.vm.help()
            }
        }
    ]
}
