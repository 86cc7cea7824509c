pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// One case: its way, why it stands so, what is lacking, and only what may be done now.
PageFrame {
    id: root

    property var vm: null
    readonly property bool supplements: root.vm ? root.vm.canSupplement : false
    readonly property bool collects: root.vm ? root.vm.canCollect : false
    readonly property bool withdraws: root.vm ? root.vm.canWithdraw : false

    chip: root.vm ? root.vm.word : ""
    chipTone: root.vm ? root.vm.tone : "teal"
    title: root.vm ? root.vm.title : ""
    titleSize: Theme.elder ? Theme.h1 - Theme.space(2) : Theme.h1 - Theme.space(1)
    small: root.vm ? root.vm.number : ""
    lead: root.vm ? root.vm.lead : ""
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: root.supplements ? Words.t("case.supplement") : root.collects ? Words.t("case.collect") : ""
    rightName: root.supplements ? "case-supplement" : "case-collect"
    gap: Theme.space(3)
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.supplements ? root.vm.supplement() : root.vm.collect()

    Card {
        visible: root.vm ? root.vm.notes.length > 0 : false
        color: Theme.warnSoft
        border.color: Theme.warn
        padding: Theme.space(4)

        Repeater {
            model: root.vm ? root.vm.notes : []

            Label {
                required property string modelData

                width: parent ? parent.width : 0
                text: modelData
                color: Theme.warn
            }
        }
    }

    Card {
        visible: root.vm ? root.vm.lacking.length > 0 : false
        padding: Theme.space(4.5)
        gap: Theme.space(1.5)

        Label {
            width: parent ? parent.width : 0
            text: Words.t("case.lacking")
            font.bold: true
        }

        Repeater {
            model: root.vm ? root.vm.lacking : []

            Row {
                id: lack

                required property int index
                required property string modelData

                width: parent ? parent.width : 0
                spacing: Theme.space(2)

                Label {
                    id: ordinal

                    text: (lack.index + 1) + "."
                    color: Theme.teal
                    font.bold: true
                }

                Label {
                    width: lack.width - ordinal.width - lack.spacing
                    text: lack.modelData
                }
            }
        }
    }

    Card {
        padding: Theme.space(4.5)

        TimeLine {
            width: parent ? parent.width : 0
            model: root.vm ? root.vm.steps : null
        }
    }

    Card {
        visible: root.vm ? root.vm.said !== "" || root.vm.remedy !== "" : false
        padding: Theme.space(4.5)
        gap: Theme.space(1)

        Label {
            visible: saidText.visible
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.whose : ""
            font.pixelSize: Theme.small
            color: Theme.ink2
        }

        Label {
            id: saidText

            visible: text !== ""
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.said : ""
        }

        Label {
            visible: remedyText.visible
            width: parent ? parent.width : 0
            topPadding: saidText.visible ? Theme.space(1.5) : 0
            text: Words.t("case.remedy")
            font.pixelSize: Theme.small
            color: Theme.ink2
        }

        Label {
            id: remedyText

            visible: text !== ""
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.remedy : ""
        }
    }

    // The person's own rating and what came of it: the answer is to be seen at the next card read.
    Card {
        visible: root.vm ? root.vm.isRated : false
        padding: Theme.space(4.5)
        gap: Theme.space(1)

        Label {
            width: parent ? parent.width : 0
            text: Words.t("case.rated")
            font.bold: true
        }

        Repeater {
            model: root.vm ? root.vm.rated : null

            Column {
                id: said

                required property string label
                required property string text

                width: parent ? parent.width : 0
                topPadding: Theme.space(1)

                Label {
                    width: parent ? parent.width : 0
                    text: said.label
                    font.pixelSize: Theme.small
                    color: Theme.ink2
                }

                Label {
                    width: parent ? parent.width : 0
                    text: said.text
                }
            }
        }

        Label {
            visible: text !== ""
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.ratedNote : ""
            color: Theme.ink2
        }
    }

    ChoiceCard {
        objectName: "case-rate"
        visible: root.vm ? root.vm.canRate : false
        width: root.contentWidth
        title: Words.t("case.rate")
        detail: Words.t("case.rate.detail")
        arrow: true
        onTapped: root.vm.rate()
    }

    ChoiceCard {
        objectName: "case-reply"
        visible: root.vm ? root.vm.canReply : false
        width: root.contentWidth
        title: Words.t("case.reply")
        detail: Words.t("case.reply.detail")
        arrow: true
        onTapped: root.vm.reply()
    }

    ChoiceCard {
        objectName: "case-withdraw"
        visible: root.withdraws
        width: root.contentWidth
        title: Words.t("case.withdraw")
        detail: Words.t("case.withdraw.detail")
        arrow: true
        onTapped: root.vm.withdraw()
    }

    Label {
        visible: text !== ""
        width: parent ? parent.width : 0
        text: root.vm ? root.vm.office : ""
        font.pixelSize: Theme.small
        color: Theme.ink2
    }
}
