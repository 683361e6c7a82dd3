my %h;
for my $i (1 .. 100000) {
	my $k = "k" . ($i * 7919 % 50021);
	push @{ $h{$k} }, { id => $i, s => "x" x ($i % 40) };
}
my $n = 0;
for (values %h) {
	for (@$_) { $n += length $_->{s}; }
}
my @s = sort { $a cmp $b } map { "$_:" . scalar(@{ $h{$_} }) } keys %h;
print $n + @s, "\n";
