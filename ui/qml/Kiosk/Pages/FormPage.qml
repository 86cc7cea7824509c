pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// One question per page: choose, type by pinyin, type letters, or type digits.
PageFrame {
    id: root

    property var vm: null
    readonly property string kind: root.vm ? root.vm.kind : ""
    readonly property bool typed: root.kind === "text" || root.kind === "latin"
    // An answer that does not fit may be handed in: the complaint then says what is wrong with it.
    readonly property bool answered: root.vm ? root.vm.complete || (root.kind !== "choice" && root.vm.input.text !== "") : false

    eyebrow: root.vm && root.vm.total > 0 ? Words.t("form.count", root.vm.index, root.vm.total) : ""
    title: root.vm ? root.vm.title : ""
    lead: root.vm ? root.vm.help : ""
    quitShown: true
    leftText: root.vm && root.vm.editing ? Words.t("form.keep") : root.vm && root.vm.index > 1 ? Words.t("form.previous")
                                                                                              : Words.t("nav.back")
    rightText: root.vm && root.vm.editing ? Words.t("form.done") : Words.t("form.next")
    rightEnabled: root.answered && !(root.vm && root.vm.input.composing)
    gap: Theme.space(2.5)
    hasInput: root.typed || root.kind === "digits"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.next()

    TextEntry {
        visible: root.kind !== "choice" && root.kind !== ""
        value: root.vm ? root.vm.input.text : ""
        composition: root.vm ? root.vm.input.composition : ""
        unit: root.vm ? root.vm.unit : ""
        wrong: root.vm ? root.vm.complaint !== "" : false
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.complaint : ""
        color: Theme.bad
    }

    Label {
        visible: text !== "" && (root.vm ? root.vm.complaint === "" : false)
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.preview : ""
        color: Theme.ink
    }

    Repeater {
        model: root.vm && root.kind === "choice" ? root.vm.options : null

        ChoiceCard {
            required property string value
            required property string text
            required property string note
            required property bool picked

            objectName: "form-option-" + value
            width: root.contentWidth
            title: text
            detail: note
            chosen: picked
            tick: true
            role: Accessible.RadioButton
            onTapped: root.vm.pick(value)
        }
    }

    input: [
        Keyboard {
            id: keyboard

            visible: root.typed
            width: parent ? parent.width : 0
            vm: root.vm ? root.vm.input : null
            acceptable: root.answered
            onAccepted: root.vm.next()
        },
        NumberPad {
            visible: root.kind === "digits"
            width: parent ? parent.width : 0
            acceptable: root.answered
            onPressed: digit => root.vm.input.press(digit)
            onErased: root.vm.input.erase()
            onAccepted: root.vm.next()
        }
    ]

    // Every question begins with letters.
    onTitleChanged: keyboard.sheet = "letters"
}
