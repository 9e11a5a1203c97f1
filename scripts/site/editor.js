/* What the editor of the lab is made of: scripts/site/vendor.py bundles it. The lab's own code is not in the bundle, but
   in docs/assets/js/lab/editor.js. */
export { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands"
export { python } from "@codemirror/lang-python"
export { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language"
export { EditorState, StateEffect, StateField } from "@codemirror/state"
export { Decoration, EditorView, drawSelection, keymap, lineNumbers } from "@codemirror/view"
export { tags } from "@lezer/highlight"
