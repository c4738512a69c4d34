"""How a crawl report looks, by itself and in Datasette's page."""

from __future__ import annotations

STYLE = """
.cr { line-height: 1.5; max-width: 62rem; }
.cr table { border-collapse: collapse; margin: .4rem 0 1rem; width: 100%; }
.cr th, .cr td { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0; overflow-wrap: anywhere;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
.cr thead th { overflow-wrap: normal; } .cr td.n, .cr th.n { text-align: right; white-space: nowrap; }
.cr table:not(:has(thead)) td:first-child:not(:only-child) { overflow-wrap: break-word; }
@media (max-width: 40rem) {
  .cr table { font-size: .875rem; } .cr th, .cr td { padding-right: .5rem; min-width: 4.4rem; }
  .cr thead th { overflow-wrap: anywhere; hyphens: auto; } .cr td.n, .cr th.n { white-space: normal; min-width: 0; }
}
.cr code { overflow-wrap: anywhere; }
.cr .verdict { border-left: .4rem solid #2e8b57; padding: .4rem 1rem; margin: 1rem 0; }
.cr .verdict.look { border-color: #c77700; }
.cr svg { max-width: 100%; height: auto; display: block; }
.cr svg.bars { max-width: 47.5rem; height: revert-layer; }
.cr svg text { fill: currentColor; font: 13px system-ui, sans-serif; }
.cr svg rect { fill: #3a78b8; } .cr svg rect.bad { fill: #c0504d; } .cr svg rect.back { fill: #8888; }
"""
