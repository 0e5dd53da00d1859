"""Show the `Example:` of a docstring as code on mkdocs' pages.

It is at the docstring's end and not indented.
"""

import textwrap

import griffe


class Examples(griffe.Extension):
    def on_object(self, *, obj, **_):
        if obj.docstring and "\nExample:\n" in obj.docstring.value:
            text, example = obj.docstring.value.rsplit("\nExample:\n", 1)
            example = textwrap.indent(example.strip(), "    ")
            obj.docstring.value = f"{text}\nExamples:\n{example}"
