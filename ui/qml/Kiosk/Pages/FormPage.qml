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
    readonly property bool composing: root.vm ? root.vm.input.composing : false
    readonly property bool concealed: root.vm ? root.vm.hidden !== "" && root.vm.input.text === "" && !root.composing : false
    readonly property bool offered: root.vm ? root.vm.read !== "" && !root.composing : false
    readonly property bool unconfirmed: root.vm ? root.vm.read === "unconfirmed" : false
    // Large type with a keyboard: the field stands right below the question, its help below the field.
    readonly property bool tight: Theme.elder && root.hasInput
    readonly property bool helped: root.tight && !(Theme.landscape && suggestions.visible) // there they show how

    // What is to be confirmed stands in sight: what was read says the rest.
    readonly property bool brief: root.tight || (Theme.landscape && root.offered)

    eyebrow: root.tight ? "" : root.vm && root.vm.total > 0 ? Words.t("form.count", root.vm.index, root.vm.total) : ""
    title: root.vm ? root.vm.title : ""
    lead: root.vm && !root.brief ? root.vm.help : ""
    titleSize: root.tight ? Theme.question : Theme.h1
    quitShown: true
    leftText: root.vm && root.vm.editing ? Words.t("form.keep") : root.vm && root.vm.index > 1 ? Words.t("form.previous")
                                                                                              : Words.t("nav.back")
    rightText: root.vm && root.vm.editing ? Words.t("form.done") : Words.t("form.next")
    // An answer that does not fit, or none, may be handed in: the complaint then says what is wrong with it.
    rightEnabled: !root.composing
    gap: Theme.space(2.5)
    hasInput: root.typed || root.kind === "digits"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.vm.next()

    TextEntry {
        visible: root.kind !== "choice" && root.kind !== ""
        value: !root.vm ? "" : root.concealed ? root.vm.hidden : root.vm.input.text
        composition: root.vm ? root.vm.input.composition : ""
        unit: root.vm ? root.vm.unit : ""
        wrong: root.vm ? root.vm.complaint !== "" : false
        code: root.vm ? root.vm.signs !== "" : false
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.complaint : ""
        color: Theme.bad
    }

    // It is there, and not for the eyes of who helps.
    Label {
        visible: root.concealed
        width: parent ? parent.width : 0
        text: Words.t("form.hidden")
        color: Theme.ink2
    }

    // One line at a time: what the grey way forward waits for, what the answer makes, how to answer.
    Label {
        visible: text !== "" && (root.vm ? root.vm.complaint === "" : false) && !(root.brief && root.offered)
        width: parent ? parent.width : 0
        text: !root.vm ? "" : root.composing ? Words.t("form.composing")
                            : root.vm.preview !== "" ? root.vm.preview : root.helped ? root.vm.help : ""
        color: root.vm && root.vm.preview !== "" && !root.composing ? Theme.ink : Theme.ink2
    }

    // Why no electronic licence has told it.
    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.unlent : ""
        color: Theme.warn
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
    }

    // Read from a paper: nobody's answer until the citizen says so.
    Label {
        visible: root.offered && !root.tight
        width: parent ? parent.width : 0
        text: root.unconfirmed ? Words.t("form.read.confirm") : Words.t("form.read.offered")
        color: root.unconfirmed ? Theme.bad : Theme.ink2
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
    }

    ChoiceCard {
        objectName: "form-confirm"
        visible: root.offered
        width: parent ? parent.width : 0
        implicitHeight: Math.max(Theme.minimum, wordsHeight + Theme.space(3))
        title: root.tight && root.unconfirmed ? Words.t("form.read.first") : Words.t("form.read.right")
        size: root.tight ? Theme.body : Theme.h2 - 4
        chosen: root.vm ? root.vm.read === "confirmed" : false
        tick: true
        role: Accessible.CheckBox
        onTapped: root.vm.confirm()
    }

    Label {
        visible: suggestions.visible && !root.tight
        width: parent ? parent.width : 0
        text: Words.t("form.suggested")
        color: Theme.ink2
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
    }

    // What is known makes an answer that is taken by one touch.
    Flow {
        id: suggestions

        visible: root.vm ? root.vm.suggesting && !root.composing && !root.offered : false
        width: parent ? parent.width : 0
        spacing: Theme.space(2)

        Repeater {
            model: root.vm ? root.vm.suggestions : null

            PillButton {
                required property int number
                required property string offer
                required property bool picked

                objectName: "form-suggestion-" + number
                text: offer
                width: Math.min(naturalWidth, suggestions.width)
                least: Theme.minimum
                size: Theme.elder ? Theme.small : Theme.space(4.4)
                tone: picked ? "primary" : "teal"
                onTapped: root.vm.take(number)
            }
        }
    }

    PillButton {
        objectName: "form-scan"
        visible: root.vm ? root.vm.scan && !root.vm.reading && !root.offered && !root.composing : false
        width: Math.min(naturalWidth, parent ? parent.width : 0)
        least: Theme.minimum
        size: Theme.elder ? Theme.small : Theme.space(4.4)
        tone: "teal"
        text: Words.t("form.scan")
        onTapped: root.vm.scanPaper()
    }

    Label {
        visible: root.vm ? root.vm.reading : false
        width: parent ? parent.width : 0
        text: Words.t("form.reading")
        color: Theme.ink2
        font.pixelSize: Theme.elder ? Theme.small : Theme.space(4)
    }

    Grid {
        id: options

        readonly property bool abreast: Theme.landscape && !(Theme.elder && root.vm && root.vm.noted)

        visible: root.kind === "choice"
        width: parent ? parent.width : 0
        columns: options.abreast ? 2 : 1
        spacing: root.gap

        Repeater {
            model: root.vm && root.kind === "choice" ? root.vm.options : null

            ChoiceCard {
                required property string value
                required property string text
                required property string note
                required property bool picked

                objectName: "form-option-" + value
                width: (options.width - (options.columns - 1) * options.spacing) / options.columns
                implicitHeight: Math.max(options.abreast && root.vm.noted ? Theme.space(20) : Theme.target,
                                         wordsHeight + Theme.space(note !== "" ? 7 : 5))
                title: text
                detail: note
                chosen: picked
                tick: true
                role: Accessible.RadioButton
                onTapped: root.vm.pick(value)
            }
        }
    }

    input: [
        Keyboard {
            id: keyboard

            visible: root.typed
            width: parent ? parent.width : 0
            vm: root.vm ? root.vm.input : null
            signs: root.vm ? root.vm.signs : ""
        },
        NumberPad {
            visible: root.kind === "digits"
            width: parent ? parent.width : 0
            letter: root.vm ? root.vm.letter : ""
            onPressed: digit => root.vm.input.press(digit)
            onErased: root.vm.input.erase()
        }
    ]

    // Every question begins with letters.
    onTitleChanged: keyboard.sheet = "letters"
}
