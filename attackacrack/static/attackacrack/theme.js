// htmx, which the theme brings along, keeps to our Content-Security-Policy: no style of its own, no code from attributes.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
