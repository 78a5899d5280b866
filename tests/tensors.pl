#!/usr/bin/perl
# Makes, changes and reads the files of encode.sh and table2.sh, and computes by itself what encode must
# find for a model without blocks. Needs nothing beyond perl.
#   weights FILE PATCH WIDTH BLOCKS DECODER_BLOCKS HEADS SCALE [bare]   random weights; HEADS 0: unsaid;
#                                            DECODER_BLOCKS -: encoder alone; bare: without "encoder."
#   npy FILE DESCR SHAPE VALUE...            an array; values repeat until it is full
#   show FILE                                descr, shape and the first values
#   rows A B N                               A's first N rows are B's bytes
#   masks DIR                                visible.npy ascends and mask.npy is its complement
#   transplant FROM TO                       writes the encoder of one model into another's file, and the
#                                            digest of its numbers into its metadata
#   flip FILE NAME COUNT                     flips a bit in each of a tensor's first numbers
#   oracle WEIGHTS DIR LAYER                 worst error of DIR's tokens and reconstruction; LAYER 0 or -1
use strict;
use warnings;
use Digest::SHA 'sha256_hex';

my $state = 12345;
sub random {    # uniform on [-1, 1), from the minimal standard generator
    $state = $state * 48271 % 2147483647;
    return $state / 1073741823.5 - 1;
}

sub slurp {
    my ($path) = @_;
    open(my $file, '<:raw', $path) or die "$path: $!\n";
    local $/;
    return scalar <$file>;
}

sub spill {
    my ($path, $bytes) = @_;
    open(my $file, '>:raw', $path) or die "$path: $!\n";
    print $file $bytes;
    close($file) or die "$path: $!\n";
}

sub product {
    my $product = 1;
    $product *= $_ for @_;
    return $product;
}

sub block {
    my ($name, $d) = @_;
    return ["$name.norm1.weight", $d], ["$name.norm1.bias", $d], ["$name.attn.qkv.weight", 3 * $d, $d],
        ["$name.attn.proj.weight", $d, $d], ["$name.attn.proj.bias", $d], ["$name.norm2.weight", $d],
        ["$name.norm2.bias", $d], ["$name.mlp.fc1.weight", 4 * $d, $d], ["$name.mlp.fc1.bias", 4 * $d],
        ["$name.mlp.fc2.weight", $d, 4 * $d], ["$name.mlp.fc2.bias", $d];
}

sub weights {
    my ($path, $p, $d, $blocks, $decoder, $heads, $scale, $bare) = @_;
    my ($t, $f, $e) = ((32 / $p)**2, 3 * $p * $p, $bare ? '' : 'encoder.');
    my @rows = (["${e}cls_token", 1, 1, $d], ["${e}pos_embedding", $t, 1, $d],
        ["${e}patchify.weight", $d, 3, $p, $p], ["${e}patchify.bias", $d]);
    push @rows, block("${e}transformer.$_", $d) for 0 .. $blocks - 1;
    push @rows, ["${e}layer_norm.weight", $d], ["${e}layer_norm.bias", $d];
    if ($decoder ne '-') {
        push @rows, ['decoder.mask_token', 1, 1, $d], ['decoder.pos_embedding', $t + 1, 1, $d];
        push @rows, block("decoder.transformer.$_", $d) for 0 .. $decoder - 1;
        push @rows, ['decoder.head.weight', $f, $d], ['decoder.head.bias', $f];
    }
    my ($data, @entries) = ('');
    push @entries, "\"__metadata__\":{\"heads\":\"$heads\"}" if $heads;
    for my $row (@rows) {
        my ($name, @shape) = @$row;
        my $begin = length $data;
        $data .= pack('f<*', map { $scale * random() } 1 .. product(@shape));
        push @entries, sprintf('"%s":{"dtype":"F32","shape":[%s],"data_offsets":[%d,%d]}',
            $name, join(',', @shape), $begin, length $data);
    }
    my $header = '{' . join(',', @entries) . '}';
    spill($path, pack('Q<', length $header) . $header . $data);
}

sub tensors {
    my ($path) = @_;
    my $bytes = slurp($path);
    my $length = unpack('Q<', $bytes);
    my ($header, $data, %tensor) = (substr($bytes, 8, $length), substr($bytes, 8 + $length));
    while ($header =~ /"([^"]+)":\{"dtype":"F32","shape":\[([\d,]*)\],"data_offsets":\[(\d+),(\d+)\]/g) {
        $tensor{$1} = {shape => [split /,/, $2], data => [unpack 'f<*', substr($data, $3, $4 - $3)]};
    }
    return \%tensor;
}

my %CODE = ('<f4' => 'f<', '<f8' => 'd<', '<i4' => 'l<', '<i8' => 'q<', '|u1' => 'C');

sub npy_write {
    my ($path, $descr, $shape, @values) = @_;
    my @shape = split /,/, $shape;
    my $text = "{'descr': '$descr', 'fortran_order': False, 'shape': (" . join(', ', @shape)
        . (@shape == 1 ? ',' : '') . '), }';
    $text .= ' ' x (64 - (11 + length $text) % 64) . "\n";
    my $count = product(@shape);
    spill($path, "\x93NUMPY\x01\x00" . pack('v', length $text) . $text
        . pack("($CODE{$descr})*", map { $values[$_ % @values] } 0 .. $count - 1));
}

sub npy_read {
    my ($path) = @_;
    my $bytes = slurp($path);
    my $length = unpack('v', substr($bytes, 8, 2));
    my ($descr, $shape) = substr($bytes, 10, $length) =~ /'descr': '(...)'.*'shape': \(([\d, ]*)\)/
        or die "$path: no header\n";
    my $body = substr($bytes, 10 + $length);
    return {descr => $descr, shape => [split /, ?/, $shape], bytes => $body,
        data => [unpack "($CODE{$descr})*", $body]};
}

sub rows_equal {
    my ($from, $to, $n) = @_;
    my ($a, $b) = (npy_read($from), npy_read($to));
    my $size = length($a->{bytes}) / $a->{shape}[0] * $n;
    die "$to has $b->{shape}[0] rows, not $n\n" if $b->{shape}[0] != $n;
    die "$to differs from the first $n rows of $from\n" if substr($a->{bytes}, 0, $size) ne $b->{bytes};
}

sub masks_fit {
    my ($dir) = @_;
    my ($visible, $mask) = (npy_read("$dir/visible.npy"), npy_read("$dir/mask.npy"));
    my ($n, $v, $t) = (@{$visible->{shape}}, $mask->{shape}[1]);
    for my $i (0 .. $n - 1) {
        my @shown = @{$visible->{data}}[$i * $v .. $i * $v + $v - 1];
        my @want = (1) x $t;
        for my $k (0 .. $v - 1) {
            die "row $i does not ascend\n" if $k && $shown[$k] <= $shown[$k - 1];
            $want[$shown[$k]] = 0;
        }
        my @got = @{$mask->{data}}[$i * $t .. $i * $t + $t - 1];
        die "mask of image $i is @got\n" if "@got" ne "@want";
    }
}

# rows of W (m, n) times x, plus b
sub affine {
    my ($w, $b, @x) = @_;
    my $n = @x;
    return map { my ($r, $sum) = ($_, $b->[$_]); $sum += $w->[$r * $n + $_] * $x[$_] for 0 .. $n - 1; $sum }
        0 .. $#$b;
}

sub norm {
    my ($weight, $bias, @x) = @_;
    my ($mean, $square) = (0, 0);
    $mean   += $_ / @x for @x;
    $square += ($_ - $mean)**2 / @x for @x;
    return map { ($x[$_] - $mean) / sqrt($square + 1e-5) * $weight->[$_] + $bias->[$_] } 0 .. $#x;
}

# tokens = [cls; E x + b + pos], then the norm; painted = H (z or the mask token, + pos') + b
sub oracle {
    my ($weights, $dir, $layer) = @_;
    my $w = tensors($weights);
    my $get = sub { $w->{$_[0]}{data} };
    my ($d, undef, $p) = @{$w->{'encoder.patchify.weight'}{shape}};
    my $side = 32 / $p;
    my ($images, $visible) = (npy_read("$dir/images.npy"), npy_read("$dir/visible.npy"));
    my ($tokens, $painted) = (npy_read("$dir/tokens.npy"), npy_read("$dir/reconstruction.npy"));
    my ($n, $v) = @{$visible->{shape}};
    my $worst = 0;
    my $expect = sub {
        my $error = abs($_[0] - $_[1]);
        $worst = $error unless $error <= $worst;
    };
    # Where pixel k, in the order (channel, row, column), of patch t lies in an image.
    my $pixel = sub {
        my ($t, $k) = @_;
        my ($c, $i, $j) = (int($k / $p / $p), int($k / $p) % $p, $k % $p);
        return ($c * 32 + int($t / $side) * $p + $i) * 32 + $t % $side * $p + $j;
    };
    for my $i (0 .. $n - 1) {
        my @image = @{$images->{data}}[$i * 3072 .. $i * 3072 + 3071];
        my @shown = @{$visible->{data}}[$i * $v .. $i * $v + $v - 1];
        my %z;
        for my $row (0 .. $v) {
            my @x = @{$get->('encoder.cls_token')};
            if ($row) {
                my $t = $shown[$row - 1];
                @x = affine($get->('encoder.patchify.weight'), $get->('encoder.patchify.bias'),
                    map { $image[$pixel->($t, $_)] } 0 .. 3 * $p * $p - 1);
                $x[$_] += $get->('encoder.pos_embedding')->[$t * $d + $_] for 0 .. $d - 1;
            }
            my @normal = norm($get->('encoder.layer_norm.weight'), $get->('encoder.layer_norm.bias'), @x);
            @x = @normal if $layer < 0;
            $expect->($tokens->{data}[($i * ($v + 1) + $row) * $d + $_], $x[$_]) for 0 .. $d - 1;
            $z{$shown[$row - 1]} = \@normal if $row;
        }
        for my $t (0 .. $side * $side - 1) {
            my @y = @{$z{$t} || $get->('decoder.mask_token')};
            $y[$_] += $get->('decoder.pos_embedding')->[($t + 1) * $d + $_] for 0 .. $d - 1;
            my @x = affine($get->('decoder.head.weight'), $get->('decoder.head.bias'), @y);
            $expect->($painted->{data}[$i * 3072 + $pixel->($t, $_)], $x[$_]) for 0 .. $#x;
        }
    }
    print "$worst\n";
    die "worst error $worst\n" unless $worst <= 1e-5;
}

# The file, opened to be changed, and where in it each tensor of the encoder lies: first byte, bytes.
sub encoder_open {
    my ($path) = @_;
    open(my $file, '+<:raw', $path) or die "$path: $!\n";
    my ($length, $header, %place);
    read $file, $length, 8;
    my $start = unpack 'Q<', $length;
    read $file, $header, $start;
    $place{$1} = [8 + $start + $2, $3 - $2]
        while $header =~ /"(encoder\.[^"]+)":\{[^}]*"data_offsets":\[(\d+),(\d+)\]/g;
    die "$path: no encoder\n" unless %place;
    return $file, %place;
}

sub transplant {
    my ($from, %from) = encoder_open($_[0]);
    my ($to, %to) = encoder_open($_[1]);
    for my $name (sort keys %to) {
        my ($at, $bytes) = @{ $from{$name} // [0, 0] };
        $bytes == $to{$name}[1] or die "$name: another size\n";
        seek $from, $at, 0;
        read $from, my ($numbers), $bytes;
        seek $to, $to{$name}[0], 0;
        print $to $numbers;
    }
    close($to) or die "$_[1]: $!\n";
    my $bytes = slurp($_[1]);
    my $digest = sha256_hex(substr($bytes, 8 + unpack 'Q<', $bytes));
    $bytes =~ s/"weights_sha256":"[0-9a-f]{64}"/"weights_sha256":"$digest"/ or die "$_[1]: no digest\n";
    spill($_[1], $bytes);
}

sub flip {
    my ($path, $name, $count) = @_;
    my $bytes = slurp($path);
    my ($at) = $bytes =~ /"\Q$name\E":\{[^}]*"data_offsets":\[(\d+),/ or die "$path: no $name\n";
    $at += 8 + unpack 'Q<', $bytes;
    vec($bytes, $at + 4 * $_ + 3, 8) ^= 8 for 0 .. $count - 1;
    spill($path, $bytes);
}

my ($command, @arguments) = @ARGV;
if    ($command eq 'weights') { weights(@arguments) }
elsif ($command eq 'npy')     { npy_write(@arguments) }
elsif ($command eq 'rows')    { rows_equal(@arguments) }
elsif ($command eq 'masks')   { masks_fit(@arguments) }
elsif ($command eq 'oracle')  { oracle(@arguments) }
elsif ($command eq 'transplant') { transplant(@arguments) }
elsif ($command eq 'flip') { flip(@arguments) }
elsif ($command eq 'show') {
    my $array = npy_read($arguments[0]);
    my $last = $#{$array->{data}} < 9 ? $#{$array->{data}} : 9;
    print "$array->{descr} (", join(',', @{$array->{shape}}), ") @{$array->{data}}[0 .. $last]\n";
}
else { die "unknown command $command\n" }
