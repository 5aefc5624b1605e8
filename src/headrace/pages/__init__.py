"""The kit of HTML pages: who visits, templates, languages, forms, assets, and what browsers may do."""
