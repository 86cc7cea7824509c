// The code on a receipt opens this page with its mark behind the #, which a browser never sends by itself. Whoever
// touches the button hands it in. Without a script the same page asks for the document's last characters.
"use strict";

const mark = location.hash.slice(1);
const form = document.getElementById("mark-form");
if (form !== null && mark.startsWith("P1.")) {
  form.elements.mark.value = mark;
  form.hidden = false;
}
