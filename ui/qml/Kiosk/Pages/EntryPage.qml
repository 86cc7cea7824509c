pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Staff ask to be let into maintenance: the PIN of the card in the slot, or a one-time code for what the page shows.
PageFrame {
    id: root

    property var vm: null
    readonly property string told: root.vm ? root.vm.lead : ""
    readonly property bool possible: root.vm ? root.vm.possible : false

    title: Words.t("entry.title")
    titleSize: Theme.question
    lead: Theme.elder && root.possible ? "" : root.told // in large type the place for the digits comes first
    leftText: Words.t("nav.back")
    rightText: root.vm ? root.vm.otherText : ""
    rightName: "entry-other"
    rightTone: "secondary"
    hasInput: root.possible
    gap: Theme.space(2.5)
    onLeftTapped: root.vm.cancel()
    onRightTapped: root.vm.chooseOther()

    // What is read out to the operator.
    Card {
        visible: root.vm ? root.vm.challenge !== "" : false
        padding: Theme.space(3)
        gap: Theme.space(1)

        Repeater {
            model: root.vm ? root.vm.readOut : null

            Flow {
                id: line

                required property string label
                required property string value
                required property bool strong

                width: parent ? parent.width : 0
                spacing: Theme.space(2)

                Label {
                    width: Theme.space(Theme.elder ? 30 : 22)
                    text: line.label
                    color: Theme.ink2
                }

                Label {
                    text: line.value
                    font.pixelSize: line.strong ? Theme.h2 : Theme.body
                    font.bold: true
                }
            }
        }
    }

    TextEntry {
        visible: root.possible
        code: true
        value: root.vm ? root.vm.typed : ""
        wrong: root.vm ? root.vm.problemText !== "" && !root.vm.good : false
    }

    Label {
        objectName: "entry-state"
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.stateText : ""
        font.bold: true
    }

    Label {
        objectName: "entry-problem"
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: root.vm && root.vm.good ? Theme.ok : Theme.bad
    }

    Label {
        visible: text !== "" && root.lead === ""
        width: parent ? parent.width : 0
        text: root.told
        color: Theme.ink2
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.phoneText : ""
        font.pixelSize: root.possible ? Theme.body : Theme.h2
        font.bold: !root.possible
        color: root.possible ? Theme.ink2 : Theme.ink
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.cardText : ""
        color: Theme.ink2
    }

    input: NumberPad {
        width: parent ? parent.width : 0
        confirms: true
        acceptable: root.vm ? root.vm.ready : false
        onPressed: digit => root.vm.press(digit)
        onErased: root.vm.erase()
        onAccepted: root.vm.submit()
    }
}
