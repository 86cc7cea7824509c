pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Put the card on the reader. A problem says what happened and what to do; help is always at hand.
PageFrame {
    id: root

    property var vm: null
    readonly property bool wrong: root.vm ? root.vm.problem !== "" : false

    title: root.wrong ? root.vm.problemTitle : Words.t("identify.title")
    lead: !root.wrong ? Words.t("identify.lead") : root.vm.lifting ? Words.t("identify.lift") : root.vm.problemAdvice
    quitShown: true
    leftText: Words.t("nav.back")
    gap: Theme.space(4)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()

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
        visible: root.wrong && root.vm.lifting
        color: Theme.warnSoft
        border.width: Theme.stroke
        border.color: Theme.warn

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
                text: root.wrong ? Words.t("identify.still") : Words.t("identify.other")
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
