"""For mkdocs: a docstring's `Example:` stands at its end, not indented; the pages show
it as code.
"""

import textwrap

import griffe


class Examples(griffe.Extension):
    def on_object(self, *, obj, **_):
        if obj.docstring and "\nExample:\n" in obj.docstring.value:
            told, example = obj.docstring.value.rsplit("\nExample:\n", 1)
            obj.docstring.value = (
                f"{told}\nExamples:\n{textwrap.indent(example.strip(), '    ')}"
            )
