# Turns `nm -n` into the table of kernel/base/symbols.h: functions only, ascending.
BEGIN {
	print "#include \"kernel/base/symbols.h\""
	print "const struct symbol symbol_table[] = {"
}
$2 ~ /^[tT]$/ && $3 !~ /^[.$]/ { printf "{0x%sUL,\"%s\"},\n", $1, $3; n++ }
END { printf "};\nconst unsigned int symbol_count = %d;\n", n }
