"""Whether the doctor finds what is broken, and is silent where nothing is; and the page of its rules."""
