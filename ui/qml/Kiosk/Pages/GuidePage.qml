pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Controls
import Kiosk.Theme

// Before log-in: can this machine finish it now, how long, how much to type, what to bring, on which basis.
// Large type leaves out what only repeats that all is well, so that what to bring stands in sight.
PageFrame {
    id: root

    property var vm: null
    readonly property string verdict: root.vm ? root.vm.verdict : ""
    readonly property color tint: root.verdict === "can" ? Theme.ok : Theme.warn

    chip: root.vm && !Theme.landscape && !Theme.elder ? root.vm.category : ""
    title: root.vm ? root.vm.name : ""
    readonly property bool dense: Theme.landscape || Theme.elder

    small: root.vm && !root.dense ? root.vm.fullName : ""
    gap: Theme.space(root.dense ? 2.5 : 3.5)
    lead: root.vm ? root.vm.lead : ""
    panel: Theme.elder ? Theme.panel : Theme.widestAside
    quitShown: true
    leftText: Words.t("nav.back")
    rightText: root.verdict === "cannot" ? Words.t("nav.help") : Words.t("guide.start")
    rightName: root.verdict === "cannot" ? "guide-help" : "guide-start"
    rightTone: root.verdict === "cannot" ? "teal" : "primary"
    onQuitTapped: root.vm.quit()
    onLeftTapped: root.vm.back()
    onRightTapped: root.verdict === "cannot" ? root.vm.help() : root.vm.begin()

    Card {
        color: root.verdict === "can" ? Theme.okMist : Theme.warnSoft
        border.width: Theme.stroke
        border.color: root.tint
        padding: Theme.space(root.dense ? 3.5 : 5)
        gap: Theme.space(2)

        Row {
            width: parent.width
            spacing: Theme.space(3)

            Check {
                id: sign

                anchors.verticalCenter: parent.verticalCenter
                mark: root.verdict === "can" ? "yes" : root.verdict === "cannot" ? "no" : "part"
                tint: root.tint
            }

            Label {
                width: parent.width - sign.width - parent.spacing
                text: root.vm ? root.vm.heading : ""
                font.pixelSize: Theme.landscape && !Theme.elder ? Theme.space(4.8) : Theme.h2
                font.bold: true
            }
        }

        Flow {
            width: parent.width
            spacing: Theme.space(Theme.landscape ? 1 : 2)
            visible: !Theme.elder || root.verdict === "limited" || root.verdict === "cannot"

            Repeater {
                model: root.vm ? root.vm.reasons : null

                Row {
                    id: reason

                    required property string text
                    required property bool good

                    visible: !Theme.elder || !reason.good
                    spacing: Theme.space(1)
                    rightPadding: Theme.space(2.5)

                    Check {
                        visible: !reason.good
                        anchors.verticalCenter: parent.verticalCenter
                        width: Theme.space(Theme.elder ? 5.5 : 3.5)
                        mark: "part"
                        tint: Theme.warn
                    }

                    Label {
                        width: Math.min(implicitWidth, root.contentWidth - Theme.space(20))
                        text: reason.text
                        font.pixelSize: root.dense ? Theme.small : Theme.space(4)
                        color: reason.good ? Theme.ok : Theme.warn
                    }
                }
            }
        }
    }

    Row {
        id: figures

        visible: !Theme.elder
        width: parent ? parent.width : 0
        spacing: Theme.space(3.5)

        Repeater {
            model: root.vm ? root.vm.figures : null

            Card {
                id: figure

                required property string label
                required property string value

                width: (figures.width - 2 * figures.spacing) / 3
                padding: Theme.space(root.dense ? 3 : 4)
                gap: 0

                Label {
                    width: parent.width
                    text: figure.label
                    font.pixelSize: Theme.small
                    color: Theme.ink2
                }

                Heading {
                    width: parent.width
                    height: Math.ceil(Theme.figure * 1.45)
                    verticalAlignment: Text.AlignVCenter
                    text: figure.value
                    wrapMode: Text.NoWrap
                    font.pixelSize: Theme.figure
                    fontSizeMode: Text.HorizontalFit
                    minimumPixelSize: Theme.body
                }
            }
        }
    }

    aside: [
        Card {
            visible: root.vm ? root.vm.preparing : false
            padding: Theme.space(Theme.elder ? 3.5 : root.beside ? 4.5 : 5.5)
            gap: Theme.space(root.beside || Theme.elder ? 2 : 3)

            Label {
                width: parent.width
                text: Words.t("guide.prepare")
                font.pixelSize: Theme.elder ? Theme.body : Theme.space(5)
                font.bold: true
            }

            Repeater {
                model: root.vm ? root.vm.prepare : null

                Row {
                    id: item

                    required property int index
                    required property string title
                    required property string detail

                    width: parent ? parent.width : 0
                    spacing: Theme.space(Theme.elder ? 2.5 : 3.5)

                    Rectangle {
                        id: number

                        width: Theme.space(Theme.elder ? 9 : 7.5)
                        height: width
                        radius: width / 2
                        color: Theme.tealSoft

                        Label {
                            anchors.centerIn: parent
                            text: item.index + 1
                            font.bold: true
                            color: Theme.tealDeep
                            font.pixelSize: Theme.elder ? Theme.small : Theme.body
                        }
                    }

                    Column {
                        width: parent.width - number.width - parent.spacing

                        Label {
                            width: parent.width
                            text: item.title
                            font.pixelSize: Theme.elder ? Theme.body : Theme.space(root.beside ? 4.4 : 5)
                        }

                        Label {
                            width: parent.width
                            visible: text !== ""
                            text: item.detail
                            font.pixelSize: Theme.small
                            color: Theme.ink2
                        }
                    }
                }
            }
        },
        Label {
            visible: Theme.elder
            width: parent ? parent.width : 0
            text: root.vm ? root.vm.figuresLine : ""
            font.bold: true
        },
        Item {
            id: basisTail

            width: parent ? parent.width : 0
            height: root.beside ? 0 : basis.height
            visible: !root.beside
        }
    ]

    // The panel of a landscape screen keeps its height for what to bring.
    Label {
        id: basis

        parent: root.beside ? basisLow : basisTail
        width: parent ? parent.width : 0
        visible: text !== ""
        text: !root.vm ? "" : (root.dense && root.vm.fullName !== "" ? root.vm.fullName + "\n" : "")
                              + (root.vm.basis !== "" ? Words.t("guide.basis", root.vm.basis) : "")
        font.pixelSize: Theme.small
        color: Theme.ink2
    }

    Item {
        id: basisLow

        visible: root.beside
        width: parent ? parent.width : 0
        height: basis.height
    }
}
