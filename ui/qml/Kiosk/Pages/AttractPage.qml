pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The page that waits: also the look of the start (recovering) and of the end (wiping), then without its button.
// It is the first frame, so it uses nothing but Text and Rectangle.
Item {
    id: root

    property var vm: null
    property var voice: null
    property string phase: "recovering" // recovering, attract, wiping
    property bool trial: false // whatever is done here only tries the machine out (测试)
    readonly property bool open: root.phase === "attract"

    Column {
        x: Theme.gutter * (Theme.landscape ? 2 : 1)
        width: (Theme.landscape ? panel.x - Theme.gutter : root.width) - x - Theme.gutter
        y: Theme.landscape ? (root.height - height) / 2
                           : Math.max(Theme.gutter, Math.min(Theme.space(49.5), panel.y - height - Theme.space(6)))
        spacing: Theme.space(5)

        Row {
            spacing: Theme.space(4)

            Rectangle {
                width: Theme.attractMark
                height: width
                radius: Theme.radius + Theme.space(1)
                color: Theme.seal

                // The way of staff; no part of the first frame.
                Loader {
                    id: staff

                    anchors.fill: parent
                    active: root.open
                    source: "HiddenPress.qml"
                    onLoaded: staff.item.held.connect(() => root.vm.askEntry()) // qmllint disable missing-property

                    Binding {
                        target: staff.item
                        property: "surface"
                        value: root
                    }
                }

                Text {
                    anchors.centerIn: parent
                    text: "办"
                    textFormat: Text.PlainText
                    font.family: Theme.serif
                    font.bold: true
                    font.pixelSize: Theme.attractMark * 0.66
                    color: Theme.onDark
                }
            }

            Rectangle {
                visible: root.trial
                anchors.verticalCenter: parent.verticalCenter
                width: testText.implicitWidth + Theme.space(6)
                height: testText.implicitHeight + Theme.space(2)
                radius: height / 2
                color: Theme.warnSoft

                Text {
                    id: testText

                    anchors.centerIn: parent
                    text: Words.t("header.test")
                    textFormat: Text.PlainText
                    font.family: Theme.sans
                    font.bold: true
                    font.pixelSize: Theme.body
                    color: Theme.warn
                }
            }
        }

        Item {
            width: 1
            height: Theme.space(1)
        }

        Text {
            width: parent.width
            text: Words.t("attract.title")
            textFormat: Text.PlainText
            wrapMode: Text.Wrap
            font.family: Theme.serif
            font.bold: true
            font.pixelSize: Theme.display
            fontSizeMode: Text.HorizontalFit
            minimumPixelSize: Theme.h1
            lineHeight: Theme.headingLine - 0.06
            color: Theme.ink
        }

        Text {
            visible: !(root.vm && root.vm.stopped) // nothing is promised where nothing can be done
            width: parent.width
            text: Words.t("attract.lead")
            textFormat: Text.PlainText
            wrapMode: Text.Wrap
            font.family: Theme.sans
            font.pixelSize: Theme.elder ? Theme.lead : Theme.space(5.6)
            color: Theme.ink2
        }

        // One calm line: what still works where something does not.
        Text {
            objectName: "attract-notice"
            width: parent.width
            visible: root.open && text !== ""
            text: root.vm ? root.vm.notice : ""
            textFormat: Text.PlainText
            wrapMode: Text.Wrap
            font.family: Theme.sans
            font.pixelSize: Theme.space(5)
            color: Theme.warn
        }

        Item {
            id: lightsLow

            visible: !Theme.landscape
            width: parent.width
            height: lights.height
        }
    }

    // What works now: below the words, and on a wide screen above what is to be touched.
    Item {
        id: lightsBeside

        visible: Theme.landscape
        z: 1
        x: panel.x + foot.x
        y: Theme.space(16)
        width: foot.width
        height: lights.height

        Flow {
            id: lights

            parent: Theme.landscape ? lightsBeside : lightsLow
            width: parent ? parent.width : 0
            flow: Theme.landscape ? Flow.TopToBottom : Flow.LeftToRight
            spacing: Theme.space(Theme.landscape ? 3 : 5)
            topPadding: Theme.space(2)
            visible: root.open

            Repeater {
                model: root.vm ? root.vm.lights : null

                Row {
                    id: light

                    required property string text
                    required property bool ok

                    spacing: Theme.space(2)

                    Rectangle {
                        anchors.verticalCenter: parent.verticalCenter
                        width: Theme.dot
                        height: light.ok ? Theme.dot : Theme.dot / 3
                        radius: height / 2
                        color: light.ok ? Theme.ok : Theme.warn
                    }

                    Text {
                        text: light.text
                        textFormat: Text.PlainText
                        font.family: Theme.sans
                        font.pixelSize: Theme.space(5)
                        color: light.ok ? Theme.ok : Theme.warn
                    }
                }
            }
        }
    }

    Rectangle {
        id: panel

        x: Theme.landscape ? root.width - width : 0
        y: Theme.landscape ? 0 : root.height - height
        width: Theme.landscape ? Theme.panel + Theme.space(8) : root.width
        height: Theme.landscape ? root.height : foot.height + 2 * Theme.space(11)
        color: Theme.footer

        Rectangle {
            width: Theme.landscape ? Theme.hairline : parent.width
            height: Theme.landscape ? parent.height : Theme.hairline
            color: Theme.line
        }

        Column {
            id: foot

            x: Theme.landscape ? Theme.space(6) : Theme.gutter
            y: Theme.landscape ? parent.height - height - Theme.space(9) : Theme.space(11)
            width: parent.width - 2 * x
            spacing: Theme.space(3.5)

            Item {
                width: parent.width
                height: start.height
            }

            // Whoever cannot read this, or not in this size, begins here.
            Flow {
                id: others

                readonly property int abreast: root.voice && root.voice.possible && !Theme.landscape ? 3 : 2

                visible: root.open
                width: parent.width
                spacing: Theme.space(4)

                Repeater {
                    model: ["language", "elder", ...(root.voice && root.voice.possible ? ["listen"] : [])]

                    Rectangle {
                        id: pill

                        required property string modelData

                        function begin(): void {
                            if (pill.modelData === "language") {
                                root.vm.startOther()
                            } else if (pill.modelData === "elder") {
                                root.vm.startElder()
                            } else {
                                root.voice.toggle()
                                root.vm.start()
                            }
                        }

                        objectName: "attract-" + pill.modelData
                        width: Theme.landscape && pill.modelData === "listen"
                               ? others.width : (others.width - (others.abreast - 1) * others.spacing) / others.abreast
                        height: Theme.minimum
                        radius: height / 2
                        color: press.pressed ? Theme.tealSoft : Theme.surface
                        border.width: Theme.stroke
                        border.color: Theme.ink
                        Accessible.role: Accessible.Button
                        Accessible.name: pillText.text
                        Accessible.onPressAction: pill.begin()

                        TapHandler {
                            id: press

                            gesturePolicy: TapHandler.ReleaseWithinBounds
                            longPressThreshold: 0
                            onTapped: pill.begin()
                        }

                        Text {
                            id: pillText

                            anchors.centerIn: parent
                            text: Words.t("header." + pill.modelData)
                            textFormat: Text.PlainText
                            font.family: Theme.sans
                            font.bold: true
                            font.pixelSize: Theme.button
                            color: Theme.ink
                        }
                    }
                }
            }

            Text {
                width: parent.width
                horizontalAlignment: Text.AlignHCenter
                wrapMode: Text.Wrap
                text: root.phase === "wiping" ? Words.t("attract.wiping")
                    : root.open && root.vm ? root.vm.line : Words.t("attract.recovering")
                textFormat: Text.PlainText
                font.family: Theme.sans
                font.pixelSize: Theme.landscape ? Theme.space(3.7) : Theme.body
                color: Theme.ink2
            }
        }

        Rectangle {
            id: start

            readonly property bool down: touch.pressed

            objectName: "attract-start"
            visible: root.open
            x: foot.x
            y: foot.y
            width: foot.width
            height: Theme.space(21)
            radius: height / 2
            color: start.down ? Theme.tealDeep : Theme.teal
            Accessible.role: Accessible.Button
            Accessible.name: startText.text
            Accessible.onPressAction: root.vm.start()

            TapHandler {
                id: touch

                gesturePolicy: TapHandler.ReleaseWithinBounds
                longPressThreshold: 0
                onTapped: root.vm.start()
            }

            Text {
                id: startText

                anchors.centerIn: parent
                text: Words.t("attract.start")
                textFormat: Text.PlainText
                font.family: Theme.sans
                font.bold: true
                font.pixelSize: Theme.button + Theme.space(2.2)
                color: Theme.onDark
            }
        }
    }

    // 轻触屏幕: the whole page is the button, as its words say.
    TapHandler {
        enabled: root.open
        gesturePolicy: TapHandler.ReleaseWithinBounds
        longPressThreshold: 0
        onTapped: root.vm.start()
    }
}
