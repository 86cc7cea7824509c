pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// The result: the paper itself, the seal that falls on it, the true progress of the printing, and the reasons.
Item {
    id: root

    property var vm: null
    readonly property bool printing: root.vm ? root.vm.printing : false
    readonly property bool together: root.vm ? root.vm.together : false
    readonly property bool stepped: root.vm ? root.vm.hasSteps || root.together : false
    // What is to be done next takes the place of the receipt's picture; a certificate keeps its own.
    readonly property bool documented: root.vm ? root.vm.documented && (!root.stepped || root.vm.stamp !== "") : false
    readonly property string stamp: root.vm ? root.vm.stamp : ""

    function fall(): void {
        if (root.visible && root.stamp !== "")
            paper.stampNow()
    }

    onVisibleChanged: root.fall()
    onStampChanged: root.fall()

    PageFrame {
        id: frame

        anchors.fill: parent
        visible: !(root.vm && root.vm.reasonsShown)
        titleFirst: false
        panel: (root.documented || root.stepped) && !Theme.elder ? Theme.wideAside : Theme.panel
        asideAllowed: root.documented || root.stepped
        asideFirst: Theme.elder || (root.stepped && !root.documented)
        rightText: root.printing ? Words.t("outcome.printing") : Words.t("outcome.rate")
        rightEnabled: !root.printing
        gap: Theme.space(3.5)
        onRightTapped: root.vm.next()

        PaperView {
            id: paper

            visible: root.documented
            anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
            width: Math.min(parent ? parent.width : 0, Theme.elder || Theme.landscape ? Theme.space(119) : Theme.space(103))
            title: root.vm ? root.vm.documentTitle : ""
            lines: root.vm ? root.vm.documentLines : null
            stamp: root.stamp
            unsealed: root.vm ? root.vm.unsealed : false
            sample: root.vm ? root.vm.sample : false
        }

        // What it means for the citizen: what is missing, where to go, who decides and who does what.
        Card {
            visible: root.stepped && !root.together
            gap: Theme.space(1)

            Repeater {
                model: root.vm ? root.vm.steps : null

                Column {
                    id: step

                    required property string label
                    required property string text

                    width: parent ? parent.width : 0

                    Label {
                        width: parent.width
                        visible: text !== ""
                        text: step.label
                        font.pixelSize: Theme.small
                        color: Theme.ink2
                    }

                    Label {
                        width: parent.width
                        text: step.text
                    }
                }
            }
        }

        // Of a bundle: each matter by itself, with its result in a word and what comes next for it.
        Repeater {
            model: root.vm ? root.vm.items : null

            Card {
                id: matter

                required property int index
                required property string name
                required property string result
                required property string tone
                required property string caseNo
                required property string text
                required property var steps

                padding: Theme.space(4.5)
                gap: Theme.space(1)

                Label {
                    width: parent.width
                    text: Words.t("outcome.item", matter.index + 1, matter.name)
                    font.bold: true
                }

                Flow {
                    width: parent.width
                    spacing: Theme.space(2.5)

                    Chip {
                        text: matter.result
                        tone: matter.tone
                    }

                    Label {
                        visible: text !== ""
                        text: matter.caseNo
                        font.pixelSize: Theme.small
                        color: Theme.ink2
                    }
                }

                Label {
                    width: parent.width
                    visible: text !== ""
                    text: matter.text
                }

                Repeater {
                    model: matter.steps

                    Column {
                        id: part

                        required property var modelData

                        width: parent ? parent.width : 0

                        Label {
                            width: parent.width
                            visible: text !== ""
                            text: part.modelData.label
                            font.pixelSize: Theme.small
                            color: Theme.ink2
                        }

                        Label {
                            width: parent.width
                            text: part.modelData.text
                        }
                    }
                }
            }
        }

        Item {
            id: whyLow

            visible: frame.beside || root.stepped
            width: parent ? parent.width : 0
            height: why.height
        }

        // The panel of a landscape screen keeps its height for what was decided and what is being printed.
        Touchable {
            id: why

            parent: frame.beside || root.stepped ? whyLow : whyTail
            objectName: "outcome-reasons"
            visible: root.vm ? root.vm.hasReasons : false
            label: root.vm ? root.vm.why : ""
            width: parent ? parent.width : 0
            height: Math.max(Theme.minimum, whyText.height + Theme.space(3))
            onTapped: root.vm.toggleReasons()

            Label {
                id: whyText

                anchors.centerIn: parent
                width: parent.width
                horizontalAlignment: Text.AlignHCenter
                text: root.vm ? root.vm.why : ""
                font.pixelSize: Theme.elder ? Theme.small : Theme.space(4.1)
                font.underline: true
                color: why.down ? Theme.tealDeep : Theme.ink2
                Accessible.ignored: true
            }
        }

        aside: [
            Column {
                width: parent ? parent.width : 0
                spacing: Theme.space(1.2)

                Heading {
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    text: root.vm ? root.vm.heading : ""
                }

                Label {
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    visible: text !== ""
                    text: root.vm ? root.vm.lead : ""
                    font.pixelSize: Theme.lead
                    color: Theme.ink2
                }

                Label {
                    width: parent.width
                    horizontalAlignment: Text.AlignHCenter
                    visible: text !== ""
                    text: root.vm && root.vm.caseNo !== "" ? Words.t("outcome.case", root.vm.caseNo) : ""
                    font.pixelSize: Theme.elder ? Theme.small : Theme.lead
                    color: Theme.ink
                }
            },
            Card {
                visible: root.vm ? root.vm.hasPapers : false
                gap: Theme.space(3)

                Repeater {
                    model: root.vm ? root.vm.papers : null

                    PrintLine {
                        required property string text
                        required property string note
                        required property string stage
                        required property int pagesDone
                        required property int pagesTotal

                        width: parent ? parent.width : 0
                        title: text
                        detail: note
                        state_: stage
                        done: pagesDone
                        total: pagesTotal
                    }
                }
            },
            Item {
                id: whyTail

                visible: !frame.beside && !root.stepped
                width: parent ? parent.width : 0
                height: visible ? why.height : 0
            }
        ]
    }

    Loader {
        anchors.fill: parent
        active: root.vm ? root.vm.reasonsShown : false
        sourceComponent: sheet
    }

    Component {
        id: sheet

        Rectangle {
            color: Theme.paper

            PageFrame {
                anchors.fill: parent
                title: root.vm ? root.vm.whyTitle : ""
                lead: Words.t("outcome.reasons.lead")
                rightText: Words.t("outcome.reasons.close")
                rightName: "reasons-close"
                onRightTapped: root.vm.toggleReasons()

                Repeater {
                    model: root.vm ? root.vm.reasons : null

                    Card {
                        id: rule

                        required property int index
                        required property string because
                        required property string basis

                        padding: Theme.space(4.5)
                        gap: Theme.space(1)

                        Label {
                            width: parent.width
                            text: Words.t("outcome.reasons.number", rule.index + 1, rule.because)
                            font.bold: true
                        }

                        Label {
                            width: parent.width
                            visible: rule.basis !== ""
                            text: Words.t("outcome.reasons.basis", rule.basis)
                            font.pixelSize: Theme.small
                            color: Theme.ink2
                        }
                    }
                }
            }
        }
    }
}
