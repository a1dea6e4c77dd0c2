"""Figures from plain data: PDF for print, SVG and PNG for the screen, and the same data as CSV.

Finished evaluations are read from their folders, whoever made them, and all figures that they give are drawn:

    from clca.report.figures.collection import figures_of
    from clca.report.figures.sources import read_sources

    sources = read_sources([Path("evaluations/wvs/tiny-uk-8e8322")], workspace)
    sources.unread              # folders of which no figure is made, each with the reason
    for figure in figures_of(sources):      # or figures_of(sources, ["survey", "maps"]); published_figures(content)
        figure.id, figure.title, figure.caption, figure.alt, figure.sources, figure.rehearsal
        figure.svg              # stands in a page as it is: ids of its own, no style sheet, font, script or link
        figure.pdf, figure.png, figure.csv
        figure.table.columns, figure.table.rows     # the data table of the text alternative; escape its texts
        figure.files()          # {"<id>.svg": ..., "<id>.pdf": ..., "<id>.png": ..., "<id>.csv": ...}

Each picture has two modules: one of frozen data with `draw`, which knows no file, and one that makes the data from
sources.
"""
