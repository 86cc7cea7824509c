pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// The terminal, its reader on the right and a card on its way there. While the page is open the card moves slowly.
Item {
    id: root

    property bool live: false
    property bool away: false // the card leaves the reader instead

    implicitWidth: Theme.space(92)
    implicitHeight: Theme.space(56)

    Rectangle {
        x: Theme.space(0)
        y: 0
        width: Theme.space(65)
        height: Theme.space(55)
        radius: Theme.radius + Theme.space(1)
        color: Theme.surface
        border.width: Theme.stroke
        border.color: Theme.line

        Rectangle {
            x: Theme.space(5)
            y: Theme.space(5.5)
            width: Theme.space(55)
            height: Theme.space(31)
            radius: Theme.radiusSmall
            color: Theme.tealSoft
        }
    }

    Rectangle {
        x: Theme.space(70)
        y: Theme.space(10)
        width: Theme.space(22)
        height: Theme.space(35)
        radius: Theme.radius
        color: Theme.ink

        Rectangle {
            x: Theme.space(2.6)
            y: Theme.space(3.6)
            width: parent.width - 2 * x
            height: Theme.space(22.5)
            radius: Theme.radiusSmall
            color: Theme.teal
        }

        Label {
            anchors.horizontalCenter: parent.horizontalCenter
            anchors.bottom: parent.bottom
            anchors.bottomMargin: Theme.space(Theme.elder ? 0.6 : 1.5)
            width: parent.width
            horizontalAlignment: Text.AlignHCenter
            text: Words.t("identify.reader")
            font.pixelSize: Theme.small
            wrapMode: Text.NoWrap
            color: Theme.onDark
        }
    }

    // The way of the card.
    Repeater {
        model: 8

        Rectangle {
            required property int index
            readonly property real along: index / 7

            x: Theme.space(47) + along * Theme.space(22)
            y: Theme.space(47) + Theme.space(2.8) * (1 - Math.pow(2 * along - 1, 2))
            width: Theme.space(1.5)
            height: Theme.space(1)
            radius: height / 2
            rotation: 24 * (1 - 2 * along)
            antialiasing: true
            color: Theme.seal
        }
    }

    Rectangle {
        id: card

        property real shift: 0

        x: Theme.space(54) + card.shift
        y: Theme.space(17)
        width: Theme.space(33.5)
        height: Theme.space(21.5)
        rotation: -6
        antialiasing: true
        radius: Theme.radiusSmall + Theme.space(0.5)
        color: Theme.surface
        border.width: Theme.stroke + 1
        border.color: Theme.ink

        Repeater {
            model: [{ across: 3, down: 4, wide: 14, dark: true }, { across: 3, down: 8.2, wide: 17, dark: false },
                    { across: 3, down: 12.2, wide: 15, dark: false }, { across: 3, down: 16.6, wide: 24, dark: true }]

            Rectangle {
                required property var modelData

                x: Theme.space(modelData.across)
                y: Theme.space(modelData.down)
                width: Theme.space(modelData.wide)
                height: Theme.space(1.7)
                radius: height / 2
                antialiasing: true
                color: modelData.dark ? Theme.ink2 : Theme.cardInk
            }
        }

        Rectangle {
            x: parent.width - width - Theme.space(3)
            y: Theme.space(3.4)
            width: Theme.space(8)
            height: Theme.space(10.4)
            radius: Theme.space(1)
            antialiasing: true
            color: Theme.line
        }

        SequentialAnimation on shift {
            running: root.live && root.visible && !Theme.reducedMotion
            loops: Animation.Infinite

            NumberAnimation {
                from: root.away ? 0 : -Theme.space(5)
                to: root.away ? -Theme.space(5) : 0
                duration: Theme.slow
                easing.type: Easing.InOutQuad
            }

            PauseAnimation {
                duration: Theme.slow
            }
        }
    }
}
