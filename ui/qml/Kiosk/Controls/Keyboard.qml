pragma ComponentBehavior: Bound

import QtQuick
import Kiosk.Theme

// Letters with pinyin candidates, digits with the words of an address, and signs. A code (`signs`: all that it may
// consist of) has one sheet: digits, and the letters that there can be in it, where one looks for them.
Rectangle {
    id: root

    property var vm: null
    property string signs: ""
    property string sheet: "letters"
    readonly property bool code: root.signs !== ""
    readonly property bool chinese: root.vm ? root.vm.chinese : false
    readonly property bool latin: root.vm ? root.vm.latin : false
    readonly property bool composing: root.vm ? root.vm.composing : false
    readonly property int gap: Theme.space(1.5)
    readonly property int side: Theme.space(3.5)
    readonly property real unit: (root.width - 2 * root.side - 9 * root.gap) / 10
    readonly property var rows: root.code
        ? ["1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM"].map(row => row.split("").filter(one => root.signs.includes(one)))
        : root.sheet === "digits"
        ? [["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
           root.chinese ? ["号", "栋", "楼", "层", "单", "元", "室", "铺", "街"] : ["-", "/", ":", "_", "@", "&", "#", "%", "+"],
           root.chinese ? ["路", "巷", "院", "东", "西", "南", "北"] : ["(", ")", "[", "]", "=", "*", "~"]]
        : root.sheet === "symbols"
        ? [["，", "。", "、", "；", "：", "？", "！", "“", "”", "·"],
           ["（", "）", "《", "》", "【", "】", "—", "…", "～"],
           ["-", "/", "#", "&", "@", "+", "."]]
        : [["q", "w", "e", "r", "t", "y", "u", "i", "o", "p"],
           ["a", "s", "d", "f", "g", "h", "j", "k", "l"],
           ["z", "x", "c", "v", "b", "n", "m"]]

    function act(name: string): void {
        switch (name) {
        case "delete": root.vm.erase(); break
        case "space": root.vm.space(); break
        case "latin": root.vm.toggleLatin(); break
        case "shift": root.vm.toggleShift(); break
        case "ok": root.vm.accept(); break
        default: root.sheet = name
        }
    }

    color: Theme.landscape ? Theme.footer : Theme.keyboard
    height: keys.height + keys.y + Theme.space(2.5)

    Column {
        id: keys

        x: root.side
        y: Theme.space(2)
        width: root.width - 2 * root.side
        spacing: root.gap

        CandidateBar {
            visible: root.chinese
            width: parent.width
            vm: root.vm
        }

        Repeater {
            model: root.rows.length

            Row {
                id: line

                required property int index
                readonly property bool third: line.index === 2 && !root.code
                readonly property var caps: root.rows[line.index] ?? []

                anchors.horizontalCenter: parent ? parent.horizontalCenter : undefined
                spacing: root.gap

                KeyCap {
                    objectName: "key-latin"
                    visible: line.third && root.sheet === "letters" && root.chinese
                    width: root.unit * 1.5 - root.gap / 2
                    word: true
                    text: root.latin ? Words.t("keyboard.chinese") : Words.t("keyboard.latin")
                    onTapped: root.act("latin")
                }

                Repeater {
                    model: line.caps

                    KeyCap {
                        required property string modelData

                        objectName: "key-" + modelData.toLowerCase()
                        width: root.unit
                        text: root.sheet === "letters" && root.vm && root.vm.upper ? modelData.toUpperCase() : modelData
                        onTapped: root.vm.press(text)
                    }
                }

                KeyCap {
                    objectName: "key-shift"
                    visible: line.third && root.sheet === "letters" && (!root.chinese || root.latin)
                    width: root.unit * 1.5 - root.gap / 2
                    word: true
                    text: root.vm && root.vm.upper ? Words.t("keyboard.lower") : Words.t("keyboard.upper")
                    onTapped: root.act("shift")
                }

                KeyCap {
                    objectName: root.code ? "key-delete" : ""
                    visible: root.code && line.index === root.rows.length - 1
                    width: root.unit * 2 + root.gap
                    word: true
                    text: Words.t("keyboard.delete")
                    onTapped: root.act("delete")
                }
            }
        }

        Row {
            id: bottom

            readonly property real wide: (root.width - 2 * root.side - 4 * root.gap) / 6

            visible: !root.code
            spacing: root.gap

            KeyCap {
                objectName: root.sheet === "symbols" ? "key-letters" : "key-symbols"
                width: bottom.wide
                word: true
                text: root.sheet === "symbols" ? Words.t("keyboard.letters") : Words.t("keyboard.symbols")
                onTapped: root.act(root.sheet === "symbols" ? "letters" : "symbols")
            }

            KeyCap {
                objectName: root.sheet === "digits" ? "key-letters" : "key-digits"
                width: bottom.wide
                word: true
                text: root.sheet === "digits" ? Words.t("keyboard.letters") : Words.t("keyboard.digits")
                onTapped: root.act(root.sheet === "digits" ? "letters" : "digits")
            }

            KeyCap {
                objectName: "key-space"
                width: root.composing ? bottom.wide * 2 : bottom.wide * 3 + root.gap
                word: true
                text: Words.t("keyboard.space")
                onTapped: root.act("space")
            }

            // Takes the first candidate. Nothing to take, no key: the way forward stands below.
            KeyCap {
                objectName: "key-ok"
                visible: root.composing
                width: bottom.wide
                word: true
                strong: true
                text: Words.t("keyboard.ok")
                onTapped: root.act("ok")
            }

            KeyCap {
                objectName: root.code ? "" : "key-delete"
                width: bottom.wide
                word: true
                text: Words.t("keyboard.delete")
                onTapped: root.act("delete")
            }
        }
    }
}
