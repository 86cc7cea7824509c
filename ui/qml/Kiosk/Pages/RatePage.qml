pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Voluntary: nothing is chosen beforehand, and leaving without rating is as easy as rating.
PageFrame {
    id: root

    property var vm: null

    readonly property bool locked: root.vm ? root.vm.locked : false // somebody helped: the person rates alone
    readonly property bool again: root.vm ? root.vm.again : false // a word more about an earlier rating (追评)

    title: root.locked ? Words.t("rate.locked.title") : root.again ? Words.t("rate.again.title") : Words.t("rate.title")
    lead: root.locked ? Words.t("rate.locked.lead") : Theme.elder ? "" : root.again ? Words.t("rate.again.lead") : Words.t("rate.lead")
    note: root.locked || (root.vm && root.vm.level > 0) ? "" : Words.t("rate.first")
    leftText: root.again ? Words.t("rate.again.skip") : Words.t("rate.skip")
    leftName: "rate-skip"
    rightText: root.locked ? Words.t("rate.open") : Words.t("rate.submit")
    rightName: root.locked ? "rate-open" : "rate-submit"
    rightEnabled: root.locked || (root.vm ? root.vm.level > 0 : false)
    gap: Theme.space(2.5)
    onLeftTapped: root.vm.skip()
    onRightTapped: root.locked ? root.vm.alone() : root.vm.submit()

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.problemText : ""
        color: Theme.bad
    }

    // All five are in sight, whatever the type: nothing is suggested by what lies below the fold.
    Grid {
        id: levels

        visible: !root.locked
        width: parent ? parent.width : 0
        columns: Theme.landscape && Theme.elder ? 2 : 1
        spacing: Theme.space(Theme.elder ? 1.5 : 2.5)

        Repeater {
            model: root.vm ? root.vm.levels : null

            ChoiceCard {
                required property int level
                required property string text
                required property bool picked

                objectName: "level-" + level
                width: (levels.width - (levels.columns - 1) * levels.spacing) / levels.columns
                title: text
                ordinal: level
                implicitHeight: Theme.landscape && !Theme.elder ? Theme.minimum + Theme.space(0.5) : Theme.target
                chosen: picked
                role: Accessible.RadioButton
                onTapped: root.vm.chooseLevel(level)
            }
        }
    }

    Label {
        visible: root.vm ? root.vm.hasOptions : false
        width: parent ? parent.width : 0
        topPadding: Theme.space(3)
        text: root.vm && root.vm.level > 2 ? Words.t("rate.good") : Words.t("rate.bad")
        font.bold: true
    }

    Repeater {
        model: root.vm ? root.vm.options : null

        ChoiceCard {
            required property string code
            required property string text
            required property bool picked

            objectName: "rate-option-" + code
            width: root.contentWidth
            implicitHeight: Math.max(Theme.minimum, wordsHeight + Theme.space(4))
            title: text
            size: Theme.elder ? Theme.body : Theme.body
            pill: true
            chosen: picked
            role: Accessible.CheckBox
            onTapped: root.vm.toggle(code)
        }
    }

    Touchable {
        id: more

        objectName: "rate-more"
        visible: root.vm ? root.vm.more : false
        label: Words.t("rate.more")
        width: moreText.implicitWidth + Theme.space(12)
        height: Theme.minimum
        onTapped: root.vm.showMore()

        Label {
            id: moreText

            anchors.verticalCenter: parent.verticalCenter
            x: Theme.space(6)
            text: more.label
            wrapMode: Text.NoWrap
            color: Theme.teal
            Accessible.ignored: true
        }
    }
}
